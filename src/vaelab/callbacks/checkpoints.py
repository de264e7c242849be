"""The last states and the best one, in checkpoints/."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from vaelab.callbacks.ema import averaged, trained
from vaelab.callbacks.kept import Kept, store_of
from vaelab.callbacks.resumable import after_batch, after_validation
from vaelab.config.types import NonNegative
from vaelab.errors import DivergedError, ResourceError, UserError
from vaelab.training.last import LAST, how_to_go_on, write_last
from vaelab.training.modules import HVAE
from vaelab.training.together import everyone, most

# saves in a row that may fail for want of room before training stops
MOST_FAILURES = 2
# optimiser steps between two times at which several processes ask the first whether a state is due
ASKED_EVERY = 10


class Checkpoints(pl.callbacks.Checkpoint):
    """`best.ckpt`: the weights of the highest val/elbo; `last.ckpt`: everything, at the end and on the way.

    The best is chosen by the ELBO at β = 1, and not before the objective has settled: during a warm-up an untrained
    KL looks good. It is kept in memory, and written after a validation when that is cheap, before any `last`, and when
    training ends, however it ends; a killed run finds those after its newest state again. `last` is written every
    `minutes`, at the end, and on a signal, only where training can go on from it exactly; the one before stays as
    `last-1.ckpt`. Neither is written with a weight or buffer that is not finite. A disk without room for a file is
    told, and ends training after `MOST_FAILURES` times in a row, or at the end.
    """

    def __init__(self, *, minutes: NonNegative) -> None:
        self.minutes = minutes
        self.best: float | None = None
        self.stopped_of: int | None = None  # max_epochs of a run that was told to stop before them
        self._written = time.monotonic()
        self._kept = Kept()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # as the first process sees it: a shared disk may show others what is no more
        if not everyone((self.folder(trainer) / "best.ckpt").exists())[0]:
            self.best = None  # that of a later state was taken away
        if self.stopped_of is not None and self.stopped_of == trainer.max_epochs:
            trainer.should_stop = True

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.world_size > 1 and trainer.global_step % ASKED_EVERY:
            return
        if (trainer.world_size > 1 or self.due(trainer)) and after_batch(trainer, batch_idx) and self._agreed(trainer):
            self._write_last(trainer)
            self._refuse_failures(trainer, MOST_FAILURES)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        assert isinstance(module, HVAE)
        elbo = float(trainer.callback_metrics["val/elbo"])
        settled = module.objective.settled(trainer.global_step)
        if settled and (self.best is None or elbo > self.best):
            self.keep(trainer, module, "best.ckpt")
            self.best = elbo
        self._kept.write_if_cheap(trainer)
        if after_validation(trainer) and self._agreed(trainer):
            self._write_last(trainer)
        self._refuse_failures(trainer, MOST_FAILURES)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # the last epoch's is written here and not at the end of training: pictures come in between and may fail
        steps = 0 < trainer.max_steps <= trainer.global_step
        ends = trainer.should_stop or steps or trainer.current_epoch + 1 == trainer.max_epochs
        if ends:
            self.save_last(trainer)
        elif self._agreed(trainer):
            self._write_last(trainer)
            self._refuse_failures(trainer, MOST_FAILURES)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._kept.write(trainer)

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        with suppress(OSError, UserError):  # the exception is what is told
            self._kept.write(trainer)

    def keep(self, trainer: pl.Trainer, module: pl.LightningModule, name: str) -> None:
        """Let the weights that were validated be in the file `name` soon. Raises DivergedError for one not finite."""
        with averaged(trainer, module):
            self._refuse_infinite(trainer, name)
            self._kept.keep(trainer, self.folder(trainer) / name)

    def _agreed(self, trainer: pl.Trainer) -> bool:
        """Whether a state is due: several processes save together, and their clocks differ, so that one speaks."""
        return bool(most(int(trainer.is_global_zero and self.due(trainer))))

    def due(self, trainer: pl.Trainer) -> bool:
        return time.monotonic() - self._written >= 60 * self.minutes

    def save_last(self, trainer: pl.Trainer) -> Path:
        """Write last.ckpt. Raises DivergedError, and keeps the one before, when a weight is not finite; ResourceError
        when the disk has no room for it."""
        path = self._write_last(trainer)
        self._refuse_failures(trainer, 0)
        return path

    def _write_last(self, trainer: pl.Trainer) -> Path:
        folder = self.folder(trainer)
        # first, so that no state names a best that is not on the disk
        complete = trainer.strategy.broadcast(self._kept.write(trainer))
        self._refuse_infinite(trainer, LAST)
        self.stopped_of = trainer.max_epochs if trainer.should_stop else None
        if complete:
            write_last(folder, trainer.save_checkpoint, trainer.is_global_zero)
        self._written = time.monotonic()
        return folder / LAST

    def _refuse_infinite(self, trainer: pl.Trainer, name: str) -> None:
        values = (one for module in trained(trainer) for one in module.state_dict().items())
        broken = [key for key, value in values if isinstance(value, torch.Tensor) and not _finite(value)]
        if broken:
            raise DivergedError(
                f"training diverged: {', '.join(broken[:3])}{' …' if broken[3:] else ''} is not finite, so "
                f"{self.folder(trainer) / name} stays as it was. Lower optimizer.lr, set optimizer.clip_norm, or "
                f"lengthen optimizer.warmup_steps. {how_to_go_on(Path(trainer.default_root_dir))}"
            )

    def _refuse_failures(self, trainer: pl.Trainer, most: int) -> None:
        store, run = store_of(trainer), Path(trainer.default_root_dir)
        if store.failure is not None and store.failures > most:
            times = f", {store.failures} times in a row" if store.failures > 1 else ""
            raise ResourceError(
                f"the disk has no room for a checkpoint in {self.folder(trainer)} ({store.failure.strerror}{times}). "
                f"Free some, or move the run folder to another disk. {how_to_go_on(run)}"
            )

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "stopped_of": self.stopped_of}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.stopped_of = state_dict["best"], state_dict.get("stopped_of")

    @staticmethod
    def folder(trainer: pl.Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"


def _finite(value: torch.Tensor) -> bool:
    """Whether all of a tensor is finite: its sum is not where one is not, and is ten times as quick to find. A sum of
    large numbers may not be either."""
    return bool(value.sum().isfinite()) or bool(value.isfinite().all())
