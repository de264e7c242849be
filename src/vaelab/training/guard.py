"""Steps whose gradient is too large, or no number, are not taken."""

import math
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vaelab.errors import DivergedError


class Guard:
    """Skips a step whose gradient is no number, or has a norm above `skip_norm` where there is one (Child 2021,
    section 5.1), and counts.

    A gradient that stays large never recovers by being skipped: when more than `most` of the last `window` steps were
    skipped it raises DivergedError. `lost` is how many losses in a row were no number, up to the newest.
    """

    def __init__(self, skip_norm: float | None, window: int = 200, most: float = 0.5) -> None:
        self.skip_norm, self.most = skip_norm, most
        self.recent: deque[bool] = deque(maxlen=window)
        self.steps = self.skipped = self.ever = self.lost = 0

    def sees(self, loss: Tensor) -> bool:
        """Whether a loss is a number."""
        finite = math.isfinite(loss.item())
        self.lost = 0 if finite else self.lost + 1
        return finite

    def __call__(self, parameters: Iterable[nn.Parameter], norm: Tensor) -> bool:
        """After the backward pass, before the step: `norm` is that of all gradients together, before clipping; without
        `skip_norm` it may be their `pulse`. Says whether the step is skipped."""
        # not (norm <= …): NaN is skipped too
        skip = not abs(norm.item()) <= (self.skip_norm or sys.float_info.max)
        self.recent.append(skip)
        self.steps, self.skipped, self.ever = self.steps + 1, self.skipped + skip, self.ever + skip
        if not skip:
            return False
        for parameter in parameters:
            parameter.grad = None  # torch's optimisers leave such a parameter, and its state, alone
        if len(self.recent) == self.recent.maxlen and sum(self.recent) > self.most * len(self.recent):
            raise DivergedError(self._words(norm))
        return True

    def _words(self, norm: Tensor) -> str:
        what = f"{float(norm):.3g}" if norm.isfinite() else "no number"
        if self.skip_norm is None:
            why, last = "was no number", "or set optimizer.clip_norm"
        else:
            why = f"was above optimizer.skip_norm={self.skip_norm:g} or no number (the last one: {what})"
            last = "or raise optimizer.skip_norm"
        return (
            f"{sum(self.recent)} of the last {len(self.recent)} steps were skipped: their gradient norm {why}. "
            f"Lower optimizer.lr, lengthen optimizer.warmup_steps, {last}."
        )

    def take(self) -> float:
        """The share of steps that were skipped since this was last asked."""
        share = self.skipped / max(1, self.steps)
        self.steps = self.skipped = 0
        return share

    def state_dict(self) -> dict[str, Any]:
        counts = {"steps": self.steps, "skipped": self.skipped, "ever": self.ever, "lost": self.lost}
        return {"recent": list(self.recent), **counts}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.recent.clear()
        self.recent.extend(state["recent"])
        self.steps, self.skipped = state["steps"], state["skipped"]
        # a state of before these were counted has neither
        self.ever, self.lost = state.get("ever", self.skipped), state.get("lost", 0)


def pulse(some: Sequence[nn.Parameter]) -> Tensor:
    """The sum of some parameters' gradients: of biases and scales it is a number where what flows back through them is.

    The norm of all gradients would cost a small model 3 % of its step, this a thousandth.
    """
    gradients = [parameter.grad.flatten() for parameter in some if parameter.grad is not None]
    return torch.cat(gradients).sum() if gradients else torch.zeros(())
