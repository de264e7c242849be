"""A bar in a terminal, some 25 lines elsewhere: elbo, reconstruction and kl as training goes."""

import sys
import time
from typing import Any

import pytorch_lightning as pl
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from vaelab.callbacks.history import History

SHOWN = ("elbo", "reconstruction", "kl")
LINES = 25


class Progress(pl.Callback):
    """Shows the figures of the newest lines of the history."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._shown_at = self._epoch_start = 0.0

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._epoch_start = time.monotonic()
        if trainer.is_global_zero and sys.stdout.isatty():
            self._bar = Bar(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
            )
            total = int(trainer.estimated_stepping_batches) if trainer.max_epochs != -1 else None
            self._task = self._bar.add_task("train", total=total, epoch=0, figures="")
            self._bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._bar is not None and time.monotonic() - self._shown_at > 0.2:
            self._shown_at = time.monotonic()
            figures = self._figures(trainer, "train") + "  " + self._figures(trainer, "val")
            epoch = f"{trainer.current_epoch + 1}/{trainer.max_epochs}"
            self._bar.update(self._task, completed=trainer.global_step, epoch=epoch, figures=figures)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        epoch, last = trainer.current_epoch + 1, trainer.max_epochs or -1
        due = epoch % max(1, last // LINES) == 0 or epoch in (1, last)
        if self._bar is None and trainer.is_global_zero and due:
            seconds = time.monotonic() - self._epoch_start
            figures = f"{self._figures(trainer, 'train')}  {self._figures(trainer, 'val')}"
            print(
                f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {figures}  {seconds:.1f} s",
                flush=True,
            )
        self._epoch_start = time.monotonic()

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @staticmethod
    def _figures(trainer: pl.Trainer, stage: str) -> str:
        histories = [c for c in trainer.callbacks if isinstance(c, History)]  # type: ignore[attr-defined]
        latest = histories[0].latest if histories else {}
        shown = [f"{name} {latest[f'{stage}/{name}']:.2f}" for name in SHOWN if f"{stage}/{name}" in latest]
        return f"{stage}: {' '.join(shown)}" if shown else ""
