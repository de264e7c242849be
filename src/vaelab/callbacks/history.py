"""The record of a run: every figure at its step, in history.jsonl, and every unit, in units.jsonl.

Loggers are mirrors of the first.
"""

import json
import math
import os
from io import FileIO
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from vaelab.callbacks.record_files import add_line, cut, lengths
from vaelab.callbacks.units import told
from vaelab.config.types import PositiveInt
from vaelab.errors import DivergedError
from vaelab.logger.mirrors import each_logger, tell
from vaelab.training.guard import Guard
from vaelab.training.modules import HVAE

# losses in a row that may be no number before training stops, at the next line of the record
LOST = 10


class History(pl.Callback):
    """One JSON line for the mean of every `every_n_steps` training steps, and one for each validation.

    A line is {"step", "epoch", "train/elbo": …} or {…, "val/elbo": …}; the same keys and steps go to all loggers. Each
    validation also has a line in units.jsonl, {"step", "epoch", "layers": …}: see `vaelab.callbacks.units`.
    Steps that were left out, as their gradient was no number or too large, are counted as train/skipped, a share.
    Raises DivergedError when a figure is not finite, before any checkpoint of that state can be written, or when the
    last `LOST` losses were not.
    """

    def __init__(self, *, every_n_steps: PositiveInt) -> None:
        self.every_n_steps = every_n_steps
        self.latest: dict[str, float] = {}
        self._told = False
        self._folder: Path | None = None
        self._files: dict[str, FileIO] = {}

    def setup(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        if stage == "fit" and trainer.is_global_zero:
            self._folder = Path(trainer.default_root_dir)

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step % self.every_n_steps == 0:
            self._write_training(trainer, module)

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not trainer.sanity_checking:
            self._write_training(trainer, module)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not trainer.sanity_checking:
            # before the figures, and with them the units, are reset
            units = module.val_figures.units() if isinstance(module, HVAE) else []
            self.write(trainer, _take(module, "val"))
            if units and trainer.is_global_zero:
                self._add(trainer, "units.jsonl", {"layers": told(units)})

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._write_training(trainer, module)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}

    def state_dict(self) -> dict[str, Any]:
        """How far the files go at this state, in bytes that are on the disk, and the newest figures."""
        for file in self._files.values():
            os.fsync(file.fileno())
        return {"latest": dict(self.latest), "bytes": {} if self._folder is None else lengths(self._folder)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.latest = state_dict["latest"]
        if self._folder is not None:
            cut(self._folder, state_dict["bytes"])

    def write(self, trainer: pl.Trainer, figures: dict[str, float]) -> None:
        """Add a line and pass it to every logger."""
        if not figures:
            return
        self.latest |= figures
        step, epoch = trainer.global_step, trainer.current_epoch
        if trainer.is_global_zero:
            finite = {k: v if math.isfinite(v) else None for k, v in figures.items()}
            self._add(trainer, "history.jsonl", finite)
        each_logger(trainer, lambda logger: logger.log_metrics(figures, step))
        broken = [key for key, value in figures.items() if not math.isfinite(value)]
        if broken:
            raise DivergedError(
                f"training diverged: {', '.join(broken)} is not finite at step {step} (epoch {epoch}). "
                "Lower optimizer.lr, set optimizer.clip_norm, or lengthen optimizer.warmup_steps. "
                f"The last checkpoint that was good is in {Path(trainer.default_root_dir) / 'checkpoints'}."
            )

    def _add(self, trainer: pl.Trainer, name: str, content: dict[str, Any]) -> None:
        """A line of a file that is whole after each."""
        if name not in self._files:
            folder = Path(trainer.default_root_dir)
            folder.mkdir(parents=True, exist_ok=True)
            self._files[name] = FileIO(folder / name, "a")
        line = {"step": trainer.global_step, "epoch": trainer.current_epoch, **content}
        add_line(self._files[name], json.dumps(line))

    def _write_training(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        figures = _take(module, "train")
        if isinstance(module, HVAE) and module.guard.lost >= LOST and trainer.world_size == 1:
            figures["train/objective"] = math.nan
        if figures:
            if isinstance(module, HVAE):
                figures |= {f"train/{key}": value for key, value in module.objective.figures().items()}
                figures |= self._skipped(module.guard, trainer.global_step)
            figures["train/lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        self.write(trainer, figures)

    def _skipped(self, guard: Guard, step: int) -> dict[str, float]:
        """The share of steps that were left out, where some may be, or some were against expectation: that is told."""
        if not guard.skip_norm and guard.ever and not self._told:
            self._told = True
            tell(
                f"note: a step before step {step} was left out, as its gradient is no number; train/skipped counts such"
            )
        return {"train/skipped": guard.take()} if guard.skip_norm or guard.ever else {}


def _take(module: pl.LightningModule, stage: str) -> dict[str, float]:
    """A stage's figures since they were last taken."""
    figures = getattr(module, f"{stage}_figures")
    taken = {f"{stage}/{key}": value for key, value in figures.compute().items()}
    figures.reset()
    return taken
