"""Loops of different programs in turns, a few steps each: the way to compare speeds on a machine that is not quiet."""

import math
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

DISCARDED = 3  # first windows of each loop: allocator, caches and kernels warm up
Tick = Callable[[int], None]


@dataclass
class Window:
    """A few steps in a row of one loop: wall and CPU seconds; `crossed` when an epoch ended among them."""

    seconds: float
    cpu: float
    crossed: bool


class Done(Exception):
    """Ends a loop from inside one of its steps."""


class Relay:
    """Runs loops in threads of this process, one at a time: each hands the baton to the next after `window` steps.

    All loops so see the same machine at nearly the same time, and the ratio of two windows of one round is fair even
    where other programs come and go. A loop is a function of `tick(epoch)`, which it calls once a step.
    """

    def __init__(self, loops: dict[str, Callable[[Tick], None]], rounds: int, window: int, threads: int) -> None:
        self.loops, self.rounds, self.window, self.threads = loops, rounds + DISCARDED, window, threads
        self.windows: dict[str, list[Window]] = {name: [] for name in loops}
        names = list(loops)
        self.next = dict(zip(names, names[1:] + names[:1], strict=True))
        self.baton = {name: threading.Semaphore(0) for name in names}
        self.error: BaseException | None = None

    def run(self) -> dict[str, list[Window]]:
        """The windows of each loop, round by round."""
        threads = [threading.Thread(target=self._take_part, args=(name,), daemon=True) for name in self.loops]
        for thread in threads:
            thread.start()
        self.baton[next(iter(self.loops))].release()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error
        return {name: windows[DISCARDED:] for name, windows in self.windows.items()}

    def _take_part(self, name: str) -> None:
        self.baton[name].acquire()
        torch.set_num_threads(self.threads)  # OpenMP keeps this number for each thread
        steps, epoch_before, started, cpu = 0, 0, 0.0, 0.0

        def tick(epoch: int) -> None:
            nonlocal steps, epoch_before, started, cpu
            if steps % self.window == 0:
                if torch.cuda.is_initialized():
                    torch.cuda.synchronize()
                if steps:
                    spent = time.perf_counter() - started, time.process_time() - cpu
                    self.windows[name].append(Window(*spent, crossed=epoch != epoch_before))
                if len(self.windows[name]) == self.rounds or self.error:
                    raise Done
                self.baton[self.next[name]].release()
                self.baton[name].acquire()
                epoch_before, started, cpu = epoch, time.perf_counter(), time.process_time()
            steps += 1

        try:
            self.loops[name](tick)
        except Done:
            pass
        except BaseException as error:
            self.error = self.error or error
        self.baton[self.next[name]].release()


def ratio(
    numerator: list[Window], denominator: list[Window], clock: str = "seconds", crossed: bool = False
) -> tuple[float, float]:
    """The median over rounds of numerator / denominator, and its standard error. Windows inside an epoch only, or those
    alone that `crossed` the end of one; nan where there is none."""
    pairs = zip(numerator, denominator, strict=True)
    ratios = [getattr(n, clock) / getattr(d, clock) for n, d in pairs if n.crossed == d.crossed == crossed]
    if not ratios:
        return math.nan, math.nan
    median = statistics.median(ratios)
    deviation = statistics.median(abs(r - median) for r in ratios)
    # 1.48 turns the median deviation into a standard deviation, 1.25 the error of a mean into that of a median
    return median, 1.48 * 1.25 * deviation / len(ratios) ** 0.5


def inside(windows: list[Window]) -> float:
    """Median seconds of a window inside an epoch."""
    return statistics.median(window.seconds for window in windows if not window.crossed)


def epoch_end(windows: list[Window]) -> float:
    """Median seconds that the end of an epoch adds to its window, against the windows beside it; nan if none ended."""
    triples = zip(windows, windows[1:], windows[2:], strict=False)
    extra = [
        window.seconds - (before.seconds + after.seconds) / 2
        for before, window, after in triples
        if window.crossed and not before.crossed and not after.crossed
    ]
    return statistics.median(extra) if extra else float("nan")
