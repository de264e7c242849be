"""A run that is watched: its files, read again where they have grown."""

import math
import time
from collections import deque
from pathlib import Path
from typing import Any

from vaelab.config.run_folder import read_config
from vaelab.readable import read_lines
from vaelab.report.read import number, read_stopped, stopped_words
from vaelab.terminal.duration import duration
from vaelab.terminal.folders import is_run, overrides
from vaelab.terminal.record import Record
from vaelab.terminal.tail import Tail

SPAN = 5.0  # seconds of watching from which on the rate is that of what was seen
SILENT = 120.0  # seconds without a line that are worth a word, and so many lines' time at the run's own rate
LINES = 5
AFTER = 120.0  # seconds after DONE.json in which a diagnosis and a page may still come


class Watched:
    """`refresh` brings `record` up to the files; the rest is read from it.

    Raises CheckpointError for a config.json that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: dict[str, Any] = {}
        self.overrides: list[str] = []
        self.record = Record()
        self.done = self.resumed = False
        self.stopped: dict[str, Any] = {}
        self.resumed_at: float | None = None  # the step at which the run last went on; 0 or None of one that never did
        self.started = self.written = 0.0
        self._history, self._units = Tail(folder / "history.jsonl"), Tail(folder / "units.jsonl")
        self._seen: deque[tuple[float, int]] = deque(maxlen=60)

    def refresh(self) -> None:
        if not self.config:
            if not is_run(self.folder):
                return
            self.config, self.overrides = read_config(self.folder), overrides(self.folder)
            self.started = _time(self.folder / "config.json")
        # before the record: what was written before DONE.json is then in it
        self.done = (self.folder / "DONE.json").exists()
        self.stopped = read_stopped(self.folder)
        parts = read_lines(self.folder / "segments.jsonl")
        self.resumed_at = number(parts[-1].get("from_step")) if parts else None
        lines, restarted = self._history.read()
        if restarted:
            # resumed from a checkpoint: the file was cut back to it, or begun again
            units, self.record = self.record.units, Record()
            self.record.units, self.resumed = units, True
            self._seen.clear()
        self.record.add(lines)
        self.record.add_units(self._units.read()[0])
        self.written = _time(self._history.path)
        if lines:
            self._seen.append((self.written, self.record.step))

    @property
    def max_epochs(self) -> int | None:
        wanted = (self.config.get("trainer") or {}).get("max_epochs")
        return wanted if isinstance(wanted, int) and wanted > 0 else None

    @property
    def epochs(self) -> int:
        """Finished ones. An evaluation of the validation split at the end is not one more."""
        return min(self.record.epochs, self.max_epochs or self.record.epochs)

    @property
    def units(self) -> dict[str, int]:
        """How many units each layer has, where the config says it layer by layer."""
        dims = (self.config.get("model") or {}).get("z_dims")
        return {f"z{i}": d for i, d in enumerate(dims, 1)} if isinstance(dims, list) else {}

    @property
    def seconds(self) -> float:
        """From the start to the end, or to the newest line."""
        last = "DONE.json" if self.done else "FAILED.json" if "error" in self.stopped else "STOPPED.json"
        end = _time(self.folder / last) if self.done or self.stopped else self.written
        return max(0.0, end - self.started) if self.started else 0.0

    @property
    def steps_per_second(self) -> float | None:
        """Of what was seen, and before that of the whole run so far; none where the files' times do not tell."""
        if len(self._seen) > 1:
            (t, first), (u, last) = self._seen[0], self._seen[-1]
            if u - t > SPAN and last > first:
                return (last - first) / (u - t)
        lived = self.written - self.started
        return self.record.step / lived if self.started and lived > 0.5 and self.record.step else None

    @property
    def seconds_left(self) -> float | None:
        """Until the last epoch, at the rate of now; none of a run that no longer goes on, as far as can be seen."""
        rate, step = self.steps_per_second, self.record.step
        if self.done or self.stopped or self._silent() or not (rate and self.max_epochs and self.epochs):
            return None
        return max(0.0, step / self.epochs * self.max_epochs - step) / rate

    @property
    def finished(self) -> bool:
        """Evaluated, and with the page that comes last; a run that died before it is not waited for."""
        at = _time(self.folder / "DONE.json")
        if not self.done or not self.config.get("report"):
            return self.done
        return _time(self.folder / "report.html") >= at or time.time() - at > AFTER

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        return self.finished or bool(self.stopped)

    @property
    def state(self) -> str:
        """What the run is doing, in a word or two."""
        if self.done:
            return "finished" if self.finished else "diagnosing" if self._diagnosing() else "writing its report"
        if self.stopped:
            return stopped_words(self.stopped)
        if not self.config:
            return "waiting for the run to begin"
        if not self.record.latest:
            return "waiting for the first figures"
        if self.epochs == self.max_epochs:
            return "evaluating" if not self._silent() else "not finished"
        return "silent" if self._silent() else "training"

    def messages(self) -> list[str]:
        """What has happened, the newest last."""
        told = ["the history was begun again: the run was resumed"] if self.resumed else []
        if self.resumed_at:
            told = [f"resumed at step {self.resumed_at:.0f}"]
        told += self.record.messages
        if not self.done and not self.stopped and self._silent():
            told.append(f"no new figures for {duration(time.time() - self.written)}: stopped, or very slow")
        return told

    def _diagnosing(self) -> bool:
        made = _time(self.folder / "diagnosis.json") >= _time(self.folder / "DONE.json")
        return bool(self.config.get("diagnosis")) and not made

    def _silent(self) -> bool:
        every = ((self.config.get("callbacks") or {}).get("history") or {}).get("every_n_steps")
        slow = LINES * every / (self.steps_per_second or math.inf) if isinstance(every, int) else 0.0
        return self.written > 0 and time.time() - self.written > max(SILENT, slow)


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
