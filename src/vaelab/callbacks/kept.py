"""Weights that are worth a file, kept in memory until writing them is cheap."""

import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from vaelab.training.store import Store

# of the time, what is written between two states takes no more
SHARE = 0.002


class Kept:
    """The newest content of each file of weights, until the first process writes it.

    On many disks a file takes 30 ms to be safe, however small. An epoch of a small model on few images is not much
    longer, and for a while each improves on the one before it.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, dict[str, Any]] = {}
        self._cheap_from = 0.0

    def keep(self, trainer: pl.Trainer, path: Path) -> None:
        """Copy the weights of now as what is to be in `path`: all processes come here together."""
        state = trainer.strategy.lightning_module_state_dict()
        if trainer.is_global_zero:
            # to the host, as a device may have no room for one more
            weights = {
                name: value.detach().to("cpu", copy=True) if isinstance(value, Tensor) else deepcopy(value)
                for name, value in state.items()
            }
            # and nothing that only training needs: copying that took three times as long as a small model's weights
            self._waiting[path] = {
                "epoch": trainer.current_epoch,
                "global_step": trainer.global_step,
                "pytorch-lightning_version": pl.__version__,
                "state_dict": weights,
            }

    def write_if_cheap(self, trainer: pl.Trainer) -> None:
        if time.monotonic() >= self._cheap_from:
            self.write(trainer)

    def write(self, trainer: pl.Trainer) -> bool:
        """Write what waits, and say whether nothing waits any more: the disk may have no room."""
        started = time.monotonic()
        for path, content in list(self._waiting.items()):
            trainer.strategy.save_checkpoint(content, path)
            if store_of(trainer).failures:
                break
            del self._waiting[path]
        ended = time.monotonic()
        self._cheap_from = max(self._cheap_from, ended + (ended - started) / SHARE)
        return not self._waiting


def store_of(trainer: pl.Trainer) -> Store:
    """What knows how many saves in a row have failed; a plug-in of another kind raises its errors itself."""
    plugin = trainer.strategy.checkpoint_io
    return plugin if isinstance(plugin, Store) else Store()
