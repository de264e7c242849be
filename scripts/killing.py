"""A command in a session of its own, whose processes can all be found, and killed at any instant. Linux alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

VAELAB = str(Path(sys.executable).with_name("vaelab"))


class Killed:
    """`vaelab <words>`, what it says at the end of the file `log`."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self.began = time.monotonic()
        with open(log, "a") as out:
            self.process = subprocess.Popen(
                [VAELAB, *words], stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def ends_within(self, seconds: float | None) -> bool:
        """Wait so long; whether it has ended."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def others(self) -> dict[int, bool]:
        """The other processes of its session that live, and whether each leads a group: a job of a sweep does."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group, session = stat.read_text().rpartition(")")[2].split()[:4]
            except OSError:  # it has just ended
                continue
            pid = int(stat.parent.name)
            if int(session) == self.pid and state != "Z" and pid != self.pid:
                found[pid] = int(group) == pid
        return found

    def left_behind(self, seconds: float = 30) -> list[int]:
        """Those that live on so long after it has ended; they are ended."""
        if until(lambda: not self.others(), seconds):
            return []
        left = list(self.others())
        for pid in left:
            send(pid, signal.SIGKILL)
        return left


def send(pid: int, signum: int) -> bool:
    """Whether there was a process to get the signal."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def until(true: Callable[[], object], seconds: float) -> bool:
    """Wait for it; whether it came to be."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
