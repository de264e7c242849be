"""What is made ready in a run folder before a stopped run goes on."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vaelab.atomic import sweep
from vaelab.callbacks.record_files import NAMES, cut
from vaelab.config.continuation import keep_said
from vaelab.config.difference import Change
from vaelab.errors import CheckpointError, ConfigError
from vaelab.readable import read_lines
from vaelab.told import typed
from vaelab.training.last import never_saved, newest, settle
from vaelab.training.store import remove, verify


class Start(NamedTuple):
    """Where a run goes on: the state (None: none was written, it begins again), its step and epoch (from 0), the number
    of processes it is of, where that is known, what is said of it, what was typed for it, and the weights of later
    steps."""

    state: Path | None
    step: int
    epoch: int
    processes: int | None
    words: str
    said: Sequence[str] = ()
    later: Sequence[Path] = ()

    def refuse_other(self, processes: int) -> None:
        """Raise CheckpointError where the run was of another number of processes: each had its share of the images."""
        if self.processes not in (None, processes):
            raise CheckpointError(
                f"this run was trained by {_count(self.processes)} and would go on with {_count(processes)}: give it "
                "the same devices, or begin a new run from its weights with fork=<folder>"
            )


def find_start(folder: Path, changed: Sequence[Change], max_epochs: int, first: bool, said: Sequence[str]) -> Start:
    """The newest good state of a run folder. Raises CheckpointError where all are damaged, ConfigError for one beyond
    `max_epochs`.

    `first`: the process that moves files. Others look until they see one of its states at its place.
    """
    checkpoints = folder / "checkpoints"
    if first:
        settle(checkpoints)
    if never_saved(checkpoints):
        _refuse_lost(folder)
        words = "\n".join(["no state was written yet: begins again", *map(_told, changed)])
        return Start(None, 0, 0, None, words, said)
    path, manifest, faults = _newest(checkpoints, 0 if first else 20)
    step, epoch = manifest.get("step"), manifest.get("epoch")
    if step is None or epoch is None:
        raise CheckpointError(f"{path} is no checkpoint of a run: its manifest has no step")
    if 0 <= max_epochs <= epoch:
        raise ConfigError(f"trainer.max_epochs={max_epochs} is already behind this run, which was in epoch {epoch + 1}")
    lines = [f"note: {fault}; the state before it is used" for fault in faults]
    later = later_weights(folder, step) if first else []
    lines += [f"  {path.name} was of a later step, or damaged: taken away" for path in later]
    lines += [_told(change, step) for change in changed]
    words = "\n".join([f"goes on from {path.name}: step {step}, epoch {epoch + 1}", *lines])
    return Start(path, step, epoch, manifest.get("processes"), words, said, later)


# how a run has ended: none of it is true of one that goes on
ENDS = ("DONE.json", "STOPPED.json", "FAILED.json")
# made of a run's end, and made anew at the next one
MADE_AT_END = ("diagnosis.json", "report.html")


def make_ready(folder: Path, start: Start) -> None:
    """Take away what is true of a later state, or of writers that were killed; note what was typed."""
    for place in (folder, folder / "checkpoints", folder / "images"):
        sweep(place)
    for path in start.later:
        remove(path)
    if start.state is None:
        cut(folder, dict.fromkeys(NAMES, 0))
        for path in (folder / "checkpoints").glob("*"):
            path.unlink()
    keep_said(folder, list(start.said))


def later_weights(folder: Path, step: int) -> list[Path]:
    """best.ckpt and alive.ckpt where they are of after a step, or damaged: training comes by there again, or goes
    another way."""
    return [path for name in ("best.ckpt", "alive.ckpt") if _is_later(path := folder / "checkpoints" / name, step)]


def _is_later(path: Path, step: int) -> bool:
    try:
        return path.exists() and verify(path)["step"] > step
    except CheckpointError:
        return True


def forget_end(folder: Path) -> list[str]:
    """Take away how a run ended before, and what was made of it then; which of the latter there were. A job of a sweep
    may have failed before there was a run."""
    made = [name for name in MADE_AT_END if (folder / name).exists()]
    for name in (*ENDS, *made):
        (folder / name).unlink(missing_ok=True)
    return made


def _refuse_lost(folder: Path) -> None:
    """Raise CheckpointError where a run without states once had some: to begin again would cost what it has left."""
    went_on = any(line.get("from_step") for line in read_lines(folder / "segments.jsonl"))
    if went_on or (folder / "DONE.json").exists():
        raise CheckpointError(
            f"{folder / 'checkpoints'} has no last.ckpt any more: put it back, or begin a new run from the weights "
            f"that are there: vaelab train {typed('fork', folder)}"
        )


def _newest(checkpoints: Path, tries: int) -> tuple[Path, dict[str, Any], list[str]]:
    """The newest state; where another process may be giving it its name, what is not good is looked at again."""
    try:
        found = newest(checkpoints)
        if not found[2] or not tries:
            return found
    except CheckpointError:
        if not tries:
            raise
    time.sleep(0.1)
    return _newest(checkpoints, tries - 1)


def _told(change: Change, step: int = 0) -> str:
    return f"  {change}{f', from step {step} on' if change.acts and step else ''}"


def _count(processes: int | None) -> str:
    return f"{processes} process{'' if processes == 1 else 'es'}"
