"""Noise as a function of the step."""

from typing import Any

import pytorch_lightning as pl

from vaelab.data.batches import Batch
from vaelab.seeding import seed_noise


class Noise(pl.Callback):
    """Seeds every draw of z from the batch's own key, so that a step is a function of weights, batch and key.

    A step can then be run again after a crash, validation does not shift the noise of training, and no random state
    has to be stored. Batches of somebody's own loader have no key, and it says so once.
    """

    def __init__(self) -> None:
        self._told = False

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        if isinstance(batch, Batch):
            seed_noise(batch.key)
        elif not self._told:
            self._told = True
            if trainer.is_global_zero:
                print(
                    "note: the training batches are not vaelab.data.batches.Batch: each run draws its own noise, and "
                    "one that is resumed goes on, but not exactly",
                    flush=True,
                )

    def on_validation_batch_start(
        self,
        trainer: pl.Trainer,
        module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if isinstance(batch, Batch):
            seed_noise(batch.key)

    on_test_batch_start = on_validation_batch_start  # type: ignore[assignment]
