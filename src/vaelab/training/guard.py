"""Steps whose gradient is too large are not taken."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from vaelab.errors import DivergedError


class Guard:
    """Skips a step whose gradient norm is above `skip_norm` or not finite (Child 2021, section 5.1), and counts.

    A gradient that stays large never recovers by being skipped: when more than `most` of the last `window` steps were
    skipped it raises DivergedError.
    """

    def __init__(self, skip_norm: float, window: int = 200, most: float = 0.5) -> None:
        self.skip_norm, self.most = skip_norm, most
        self.recent: deque[bool] = deque(maxlen=window)
        self.steps = self.skipped = 0

    def __call__(self, parameters: Iterable[nn.Parameter], norm: Tensor) -> bool:
        """After the backward pass, before the step: `norm` is that of all gradients together, before clipping. Says
        whether the step is skipped."""
        # not (norm <= …): NaN is skipped too
        skip = not bool(norm <= self.skip_norm)
        self.recent.append(skip)
        self.steps, self.skipped = self.steps + 1, self.skipped + skip
        if not skip:
            return False
        for parameter in parameters:
            parameter.grad = None  # torch's optimisers leave such a parameter, and its state, alone
        if len(self.recent) == self.recent.maxlen and sum(self.recent) > self.most * len(self.recent):
            what = f"{float(norm):.3g}" if norm.isfinite() else "no number"
            raise DivergedError(
                f"{sum(self.recent)} of the last {len(self.recent)} steps were skipped: their gradient norm was above "
                f"optimizer.skip_norm={self.skip_norm:g} or no number (the last one: {what}). Lower optimizer.lr, "
                "lengthen optimizer.warmup_steps, or raise optimizer.skip_norm."
            )
        return True

    def take(self) -> float:
        """The share of steps that were skipped since this was last asked."""
        share = self.skipped / max(1, self.steps)
        self.steps = self.skipped = 0
        return share

    def state_dict(self) -> dict[str, Any]:
        return {"recent": list(self.recent), "steps": self.steps, "skipped": self.skipped}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.recent.clear()
        self.recent.extend(state["recent"])
        self.steps, self.skipped = state["steps"], state["skipped"]


def finite(loss: Tensor) -> bool:
    """Whether a loss is a number at all."""
    return bool(torch.isfinite(loss))
