"""What changes with the step. Steps are optimiser steps, so that a schedule does not depend on the machine."""

import math
from typing import Protocol

from vaelab.config.types import Count, Fraction, NonNegative, Positive, PositiveInt


class Schedule(Protocol):
    def __call__(self, step: int) -> float: ...

    def settled(self, step: int) -> bool:
        """Whether it has its last value from this step on."""
        ...


class Constant:
    """Always `value`."""

    def __init__(self, *, value: NonNegative) -> None:
        self.value = value

    def __call__(self, step: int) -> float:
        return self.value

    def settled(self, step: int) -> bool:
        return True


class Restarted:
    """A schedule whose step 0 is step `since` of the run; what it is `of` may have been restarted before."""

    def __init__(self, of: Schedule, since: int) -> None:
        self.of: Schedule = of.of if isinstance(of, Restarted) else of
        self.since = since

    def __call__(self, step: int) -> float:
        return self.of(max(0, step - self.since))

    def settled(self, step: int) -> bool:
        return self.of.settled(max(0, step - self.since))


class Linear:
    """From `start` to `end` over `warmup_steps`, then `end`."""

    def __init__(self, *, start: NonNegative, end: NonNegative, warmup_steps: Count) -> None:
        self.start, self.end, self.warmup_steps = start, end, warmup_steps

    def __call__(self, step: int) -> float:
        if step >= self.warmup_steps:
            return self.end
        return self.start + (self.end - self.start) * step / self.warmup_steps

    def settled(self, step: int) -> bool:
        return step >= self.warmup_steps


class Cyclical:
    """`cycles` times from 0 to `end`, each over `cycle_steps` of which `ramp` is the rise; then `end`.

    Fu et al. 2019, eq. 6 and 7.
    """

    def __init__(self, *, end: NonNegative, cycle_steps: PositiveInt, cycles: PositiveInt, ramp: Fraction) -> None:
        self.end, self.cycle_steps, self.cycles, self.ramp = end, cycle_steps, cycles, ramp

    def __call__(self, step: int) -> float:
        position = (step % self.cycle_steps) / self.cycle_steps
        if self.settled(step) or position >= self.ramp:
            return self.end
        return self.end * position / self.ramp

    def settled(self, step: int) -> bool:
        return step >= self.cycles * self.cycle_steps


class Sigmoid:
    """From `start` to `end` along σ(`steepness` · (step - `midpoint_steps`)), steepness per step (Bowman et al. 2016).

    Once a thousandth of the way is left it is at `end`.
    """

    def __init__(self, *, start: NonNegative, end: NonNegative, midpoint_steps: Count, steepness: Positive) -> None:
        self.start, self.end, self.midpoint_steps, self.steepness = start, end, midpoint_steps, steepness

    def _share(self, step: int) -> float:
        # σ(u) = (1 + tanh(u/2)) / 2, which no u overflows
        return 0.5 * (1.0 + math.tanh(0.5 * self.steepness * (step - self.midpoint_steps)))

    def __call__(self, step: int) -> float:
        return self.end if self.settled(step) else self.start + (self.end - self.start) * self._share(step)

    def settled(self, step: int) -> bool:
        return 1.0 - self._share(step) <= 1e-3
