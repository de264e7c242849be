"""Where in a run a state can be saved that training goes on from exactly."""

import pytorch_lightning as pl


def after_batch(trainer: pl.Trainer, batch_idx: int) -> bool:
    """Whether the end of a batch is such a place: nothing but the next batch follows.

    Before a validation, the end of an epoch or the end of training it is not, since Lightning would leave them out when
    it goes on; nor while gradients accumulate, which no checkpoint holds.
    """
    if batch_idx + 1 >= trainer.num_training_batches or trainer.should_stop:
        return False
    return not accumulates(trainer, batch_idx) and not validates(trainer, batch_idx)


def after_validation(trainer: pl.Trainer) -> bool:
    """Whether the end of a validation is: in the middle of an epoch. After others the epoch's end follows."""
    progress = trainer.fit_loop.epoch_loop.batch_progress
    return not (progress.is_last_batch or trainer.should_stop or accumulates(trainer, progress.current.ready - 1))


def accumulates(trainer: pl.Trainer, batch_idx: int) -> bool:
    return (batch_idx + 1) % trainer.accumulate_grad_batches != 0


def validates(trainer: pl.Trainer, batch_idx: int) -> bool:
    """Whether a validation follows a batch. Without check_val_every_n_epoch batches are counted over epochs."""
    every = trainer.val_check_batch
    if not trainer.enable_validation or every is None or every == float("inf"):
        return False
    counted = trainer.fit_loop.total_batch_idx if trainer.check_val_every_n_epoch is None else batch_idx
    return (counted + 1) % int(every) == 0
