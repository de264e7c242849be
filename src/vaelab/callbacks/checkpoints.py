"""The last states and the best one, in checkpoints/."""

import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from vaelab.callbacks.ema import averaged
from vaelab.callbacks.resumable import after_batch, after_validation
from vaelab.config.types import NonNegative
from vaelab.errors import DivergedError
from vaelab.training.last import LAST, write_last
from vaelab.training.modules import HVAE
from vaelab.training.together import most

# optimiser steps between two times at which several processes ask the first whether a state is due
ASKED_EVERY = 10


class Checkpoints(pl.callbacks.Checkpoint):
    """`best.ckpt`: the weights of the highest val/elbo; `last.ckpt`: everything, at the end and on the way.

    The best is chosen by the ELBO at β = 1, and not before the objective has settled: during a warm-up an untrained
    KL looks good. `last` is written every `minutes`, at the end, and on a signal, only where training can go on from it
    exactly; the one before stays as `last-1.ckpt`.
    """

    def __init__(self, *, minutes: NonNegative) -> None:
        self.minutes = minutes
        self.best: float | None = None
        self.stopped_of: int | None = None  # max_epochs of a run that was told to stop before them
        self._written = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not (self.folder(trainer) / "best.ckpt").exists():
            self.best = None  # that of a later state was taken away
        if self.stopped_of is not None and self.stopped_of == trainer.max_epochs:
            trainer.should_stop = True

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.world_size > 1 and trainer.global_step % ASKED_EVERY:
            return
        if (trainer.world_size > 1 or self.due(trainer)) and after_batch(trainer, batch_idx) and self._agreed(trainer):
            self.save_last(trainer)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        assert isinstance(module, HVAE)
        elbo = float(trainer.callback_metrics["val/elbo"])
        settled = module.objective.settled(trainer.global_step)
        if settled and (self.best is None or elbo > self.best):
            self.best = elbo
            with averaged(trainer, module):
                trainer.save_checkpoint(self.folder(trainer) / "best.ckpt", weights_only=True)
        if after_validation(trainer) and self._agreed(trainer):
            self.save_last(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # the last epoch's is written here and not at the end of training: pictures come in between and may fail
        ends = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        if ends or self._agreed(trainer):
            self.save_last(trainer)

    def _agreed(self, trainer: pl.Trainer) -> bool:
        """Whether a state is due: several processes save together, and their clocks differ, so that one speaks."""
        return bool(most(int(trainer.is_global_zero and self.due(trainer))))

    def due(self, trainer: pl.Trainer) -> bool:
        return time.monotonic() - self._written >= 60 * self.minutes

    def save_last(self, trainer: pl.Trainer) -> Path:
        """Write last.ckpt. Raises DivergedError, and keeps the one before, when a weight is not finite."""
        folder = self.folder(trainer)
        if not all(bool(torch.isfinite(p).all()) for p in trainer.lightning_module.parameters()):
            raise DivergedError(f"training diverged: weights are not finite, so {folder / LAST} stays as it was")
        self.stopped_of = trainer.max_epochs if trainer.should_stop else None
        path = write_last(folder, trainer.save_checkpoint, trainer.is_global_zero)
        self._written = time.monotonic()
        return path

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "stopped_of": self.stopped_of}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.stopped_of = state_dict["best"], state_dict.get("stopped_of")

    @staticmethod
    def folder(trainer: pl.Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"
