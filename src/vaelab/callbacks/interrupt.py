"""Ctrl-C and a scheduler's signals: save at the next step, say where, leave with 128 + signal."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl

from vaelab.callbacks.checkpoints import Checkpoints
from vaelab.callbacks.resumable import after_batch
from vaelab.training.store import write_json

# SIGUSR2 is submitit's; SLURM sends it, as it does SIGTERM, to every process of a job at once
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


class Interrupted(SystemExit):
    """Leaves with 128 + the signal's number. A SystemExit, so that a sweep ends too."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)


class Interrupt(pl.Callback):
    """The handler only sets a flag; the state is saved where it is whole, after the step that is running. STOPPED.json
    then says which signal it was, and the step and epoch."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # over Lightning's own handlers, which it sets before this hook
        try:
            self._before = {s: signal.signal(s, self._receive) for s in SIGNALS}
        except ValueError:  # not the main thread: signals are not ours to handle
            self._before = {}

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        self.received = self.received or signum

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.received is not None and after_batch(trainer, batch_idx):
            self._leave(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._leave(trainer)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
        self._before = {}

    def _leave(self, trainer: pl.Trainer) -> None:
        if self.received is None:
            return
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, Checkpoints):
                path = callback.save_last(trainer)
                print(f"\nstopped by {signal.Signals(self.received).name} at step {trainer.global_step}: saved {path}")
        if trainer.is_global_zero:
            epoch = trainer.current_epoch + 1
            told = {"signal": signal.Signals(self.received).name, "step": trainer.global_step, "epoch": epoch}
            write_json(Path(trainer.default_root_dir) / "STOPPED.json", told)
        raise Interrupted(self.received)
