"""Ctrl-C and a scheduler's signals, from the first moment of a command to its last. Imports no torch."""

import signal
from pathlib import Path
from types import FrameType

from vaelab.atomic import write_json

# SIGUSR2 is submitit's; SLURM sends it, as it does SIGTERM, to every process of a job at once
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
# no signal: the time that trainer.max_time gives is over. It leaves as a scheduler's SIGTERM would have it
MAX_TIME = 1


class Interrupted(SystemExit):
    """Leaves with 128 + the signal's number. A SystemExit, so that a sweep ends too."""

    def __init__(self, received: int) -> None:
        super().__init__(128 + (signal.SIGTERM if received == MAX_TIME else received))
        self.received = received
        self.told = False  # whether it has been said that the run is left

    @property
    def name(self) -> str:
        return "max_time" if self.received == MAX_TIME else signal.Signals(self.received).name


class _Early:
    """Leaves at once: outside of training there is nothing to save. A second signal changes nothing."""

    leaving = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if not self.leaving:
            self.leaving = True
            raise Interrupted(signum)


def arm() -> None:
    """Let a signal end this process with 128 + its number. During training `vaelab.callbacks.interrupt` has them."""
    handler = _Early()
    for signum in SIGNALS:
        signal.signal(signum, handler)


def write_stopped(folder: Path, leaving: Interrupted, step: int | None, epoch: int | None) -> None:
    """STOPPED.json: which signal it was, and the step and epoch (from 1), where training had begun."""
    told = {"signal": leaving.name, "step": step, "epoch": epoch}
    write_json(folder / "STOPPED.json", told)
