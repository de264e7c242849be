"""What is made ready in a run folder before a stopped run goes on."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vaelab.atomic import sweep
from vaelab.callbacks.record_files import NAMES, cut
from vaelab.config.continuation import Change, keep_said
from vaelab.errors import CheckpointError, ConfigError
from vaelab.training.last import newest, settle
from vaelab.training.store import remove, verify


class Start(NamedTuple):
    """Where a run goes on: the state, its step and epoch (from 0), what is said of it, and what was typed for it."""

    state: Path
    step: int
    epoch: int
    words: str
    said: Sequence[str] = ()


def find_start(folder: Path, changed: Sequence[Change], max_epochs: int, first: bool, said: Sequence[str]) -> Start:
    """The newest good state of a run folder. Raises CheckpointError for none, ConfigError for one beyond `max_epochs`.

    `first`: the process that says what it does.
    """
    checkpoints = folder / "checkpoints"
    if first:
        settle(checkpoints)
    path, manifest, faults = newest(checkpoints)
    step, epoch = manifest.get("step"), manifest.get("epoch")
    if step is None or epoch is None:
        raise CheckpointError(f"{path} is no checkpoint of a run: its manifest has no step")
    if 0 <= max_epochs <= epoch:
        raise ConfigError(f"trainer.max_epochs={max_epochs} is already behind this run, which was in epoch {epoch + 1}")
    lines = [f"note: {fault}; the state before it is used" for fault in faults]
    lines += [f"  {change}{f', from step {step} on' if change.acts else ''}" for change in changed]
    words = "\n".join([f"goes on from {path.name}: step {step}, epoch {epoch + 1}", *lines])
    return Start(path, step, epoch, words, said)


ENDS = ("DONE.json", "STOPPED.json", "FAILED.json")


def start_over(folder: Path, said: list[str]) -> None:
    """Make a run folder ready whose run died before its first state: it is trained from the start, as if it had not.

    What it had written of its record is kept in history.orphan-<n>.jsonl.
    """
    for name in ENDS:
        (folder / name).unlink(missing_ok=True)
    cut(folder, dict.fromkeys(NAMES, 0))
    for path in (folder / "checkpoints").glob("*"):
        path.unlink()
    keep_said(folder, said)


def make_ready(folder: Path, start: Start) -> None:
    """Take away what is true of a later state, of a run that ended, or of writers that were killed; note what was
    typed."""
    for place in (folder, folder / "checkpoints", folder / "images"):
        sweep(place)
    for name in ENDS:
        (folder / name).unlink(missing_ok=True)
    best = folder / "checkpoints" / "best.ckpt"
    try:
        later = best.exists() and verify(best)["step"] > start.step
    except CheckpointError:
        later = True
    if later:  # training comes by there again, or goes another way
        remove(best)
    keep_said(folder, list(start.said))
