"""Ctrl-C, a scheduler's signals and trainer.max_time: save at the next step, say where, leave with 128 + signal."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl

from vaelab.callbacks.checkpoints import Checkpoints
from vaelab.callbacks.resumable import after_batch
from vaelab.signals import MAX_TIME, SIGNALS, Interrupted, write_stopped
from vaelab.training.together import most, several

# seconds that a signal may wait for the end of a validation, where a state can be saved again
PATIENCE = 5.0


class Interrupt(pl.Callback):
    """The handler only sets a flag; the state is saved where it is whole, after the step that is running. STOPPED.json
    then says which signal it was, and the step and epoch.

    A validation that goes on for seconds more is left without saving: from the newest state on all is done again,
    exactly. Several processes ask each other after each step, and leave after the same one, whoever has the signal.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.max_seconds: float | None = None  # trainer.max_time, from the start of training in this process
        self._since = 0.0
        self._ends = float("inf")
        self._asked_in_validation = 0  # batches of validation that every process has
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self.max_seconds is not None:
            self._ends = time.monotonic() + self.max_seconds
        try:
            self._before = {s: signal.signal(s, self._receive) for s in SIGNALS}
        except ValueError:  # not the main thread: signals are not ours to handle
            self._before = {}

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received, self._since = signum, time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (self._own() or several()) and after_batch(trainer, batch_idx) and self._asked(self._own()):
            self._leave(trainer)

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # the last batches of a split may be those of some processes alone
        self._asked_in_validation = -most(-int(min(sum(trainer.num_val_batches), 2**31)))

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if trainer.sanity_checking or batch_idx >= self._asked_in_validation:
            return
        own = self._own()
        if self._asked(own if own and time.monotonic() - self._since > PATIENCE else 0):
            self._go(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self._asked(self._own()):
            self._leave(trainer)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
        self._before = {}
        # training is over, and what follows can be done again
        if self.received is not None:
            self._go(trainer)

    def _own(self) -> int:
        """What this process has received; 0 for nothing."""
        if self.received is None and time.monotonic() > self._ends:
            self._receive(MAX_TIME, None)
        return self.received or 0

    def _asked(self, own: int) -> bool:
        """Whether any process is told to leave: all come here at the same step."""
        asked = most(own)
        if asked:
            self.received = asked
        return bool(asked)

    def _leave(self, trainer: pl.Trainer) -> None:
        saved = ""
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, Checkpoints):
                saved = f": saved {callback.save_last(trainer)}"
        self._go(trainer, saved)

    def _go(self, trainer: pl.Trainer, saved: str = "") -> None:
        assert self.received is not None
        leaving = Interrupted(self.received)
        leaving.told = True
        if trainer.is_global_zero:
            print(f"\nstopped by {leaving.name} at step {trainer.global_step}{saved}", flush=True)
            write_stopped(Path(trainer.default_root_dir), leaving, trainer.global_step, trainer.current_epoch + 1)
        raise leaving
