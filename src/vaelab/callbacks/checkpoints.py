"""The last state and the best one, in checkpoints/."""

import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from vaelab.callbacks.ema import averaged
from vaelab.config.types import NonNegative
from vaelab.errors import DivergedError
from vaelab.training.modules import HVAE


class Checkpoints(pl.callbacks.Checkpoint):
    """`best.ckpt`: the weights of the highest val/elbo; `last.ckpt`: everything, at the end and on the way.

    The best is chosen by the ELBO at β = 1, and not before the objective has settled: during a warm-up an untrained
    KL looks good. `last` is written every `minutes`, at the end, and on a signal.
    """

    def __init__(self, *, minutes: NonNegative) -> None:
        self.minutes = minutes
        self.best: float | None = None
        self._written = time.monotonic()

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

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # the last epoch's is written here and not at the end of training: pictures come in between and may fail
        ends = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        if ends or time.monotonic() - self._written >= 60 * self.minutes:
            self.save_last(trainer)

    def save_last(self, trainer: pl.Trainer) -> Path:
        """Write last.ckpt. Raises DivergedError, and keeps the one before, when a weight is not finite."""
        path = self.folder(trainer) / "last.ckpt"
        if not all(bool(torch.isfinite(p).all()) for p in trainer.lightning_module.parameters()):
            raise DivergedError(f"training diverged: weights are not finite, so {path} stays as it was")
        trainer.save_checkpoint(path)
        self._written = time.monotonic()
        return path

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    @staticmethod
    def folder(trainer: pl.Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"
