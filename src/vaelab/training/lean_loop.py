"""Lightning's epoch loop with less Python around each step."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch.optim import Optimizer

# what a callback may do inside a step; one that overrides any other per-batch hook gets the stock loop
_CALLED = ("on_train_batch_start", "on_train_batch_end", "on_before_optimizer_step")
_NOT_CALLED = ("on_before_backward", "on_after_backward", "on_before_zero_grad")
# what a module may do inside a step: one that overrides any of it gets the stock loop's step
_OF_A_MODULE = (*_CALLED, *_NOT_CALLED, "backward", "optimizer_step", "optimizer_zero_grad", "lr_scheduler_step")


class LeanEpochLoop(_TrainingEpochLoop):
    """The same step as the stock loop, bit for bit (a test says so), at a third of its overhead.

    It calls the hooks of `_CALLED` on the callbacks that override them, and leaves out closures, strategy and
    precision plug-ins and the logger connector, which do nothing for one device in 32 bits.
    """

    def _look_up(self) -> None:
        """What does not change from step to step, found once."""
        trainer = self.trainer
        self.stock = bool(_overriding([trainer.lightning_module], _OF_A_MODULE, pl.LightningModule))
        self.hooks = {name: _overriding(trainer.callbacks, [name]) for name in _CALLED}  # type: ignore[attr-defined]
        self.parameters = [p for group in trainer.optimizers[0].param_groups for p in group["params"]]
        self.step = _plain_step(trainer.optimizers[0], bool(trainer.lr_scheduler_configs))
        # the data module's own hooks where it has them, else the module's
        selector = trainer._data_connector._datahook_selector
        assert selector is not None
        names = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
        self.before, self.transfer, self.after = (getattr(selector.get_instance(n), n) for n in names)

    def advance(self, data_fetcher: Any) -> None:
        # from a state at the end of a validation the stock loop first skips that, and then has the next one be whole
        if self.restarting or self.val_loop.restarting or not hasattr(self, "hooks"):
            self._look_up()
            return super().advance(data_fetcher)
        if self.stock:
            return super().advance(data_fetcher)
        trainer, progress = self.trainer, self.batch_progress
        module: Any = trainer.lightning_module
        optimizer = trainer.optimizers[0]
        batch, _, _ = next(data_fetcher)
        batch_idx = self.batch_idx + 1
        progress.is_last_batch = data_fetcher.done
        batch = self.after(self.transfer(self.before(batch, 0), trainer.strategy.root_device, 0), 0)
        progress.increment_ready()
        for callback in self.hooks["on_train_batch_start"]:
            callback.on_train_batch_start(trainer, module, batch, batch_idx)
        progress.increment_started()

        loss = module.training_step(batch, batch_idx)
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()
        for callback in self.hooks["on_before_optimizer_step"]:
            callback.on_before_optimizer_step(trainer, module, optimizer)
        module.configure_gradient_clipping(optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm)
        steps = self.automatic_optimization.optim_progress.optimizer.step
        steps.increment_ready()
        self.step()
        steps.increment_completed()

        progress.increment_processed()
        if trainer.lr_scheduler_configs:
            self.update_lr_schedulers("step", update_plateau_schedulers=False)
            if self._num_ready_batches_reached():
                self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        for callback in self.hooks["on_train_batch_end"]:
            callback.on_train_batch_end(trainer, module, {"loss": loss.detach()}, batch, batch_idx)
        progress.increment_completed()

    def on_advance_end(self, data_fetcher: Any) -> None:
        """Nothing but a count, in the middle of an epoch that is validated at its end."""
        trainer = self.trainer
        if (
            self.batch_progress.is_last_batch
            or trainer.lr_scheduler_configs
            or trainer.should_stop
            or trainer.received_sigterm
            or self._skip_next_val
            or trainer.val_check_batch != trainer.num_training_batches
        ):
            return super().on_advance_end(data_fetcher)
        self._batches_that_stepped += 1


def use_lean_loop(trainer: pl.Trainer) -> bool:
    """Put the lean loop in where it does the same as the stock one; say whether it was put in."""
    fits = (
        isinstance(trainer.strategy, SingleDeviceStrategy)
        and trainer.precision == "32-true"
        and trainer.accumulate_grad_batches == 1
        and isinstance(trainer.profiler, PassThroughProfiler)  # type: ignore[attr-defined]
        and not _overriding(trainer.callbacks, _NOT_CALLED)  # type: ignore[attr-defined]
    )
    if fits:
        stock = trainer.fit_loop.epoch_loop
        trainer.fit_loop.epoch_loop = LeanEpochLoop(trainer, min_steps=stock.min_steps, max_steps=stock.max_steps)
    return fits


def _plain_step(optimizer: Optimizer, scheduled: bool) -> Callable[[], Any]:
    """`optimizer.step` without the label for profilers that torch wraps around it, which costs a fiftieth of a small
    model's step. With a schedule or hooks on the optimiser, which live in that wrapper, it is left as it is."""
    bare = getattr(type(optimizer).step, "__wrapped__", None)
    hooks = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    return optimizer.step if bare is None or hooks or scheduled else partial(bare, optimizer)


def _overriding(objects: Iterable[Any], hooks: Iterable[str], base: type = pl.Callback) -> list[Any]:
    """Those that define one of the hooks themselves."""
    return [o for o in objects if any(getattr(type(o), hook) is not getattr(base, hook) for hook in hooks)]
