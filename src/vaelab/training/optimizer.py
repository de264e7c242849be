"""The optimiser and its learning-rate schedule."""

import inspect
import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from vaelab.config.types import Count, Fraction, NonNegative, Positive


class Optimizer:
    """A torch algorithm with linear warm-up and, if wanted, cosine decay to 0 over the run.

    `algorithm` is the class, such as torch.optim.Adam. It runs fused where torch has a fused form, which is what
    makes a small model's step a fifth faster. Gradients are clipped to a norm of `clip_norm`, and a step whose
    gradient is above `skip_norm` before that is not taken (`vaelab.training.guard`); null does neither. One whose
    gradient is no number is never taken.
    """

    def __init__(
        self,
        *,
        algorithm: Callable[..., torch.optim.Optimizer],
        lr: Positive,
        betas: list[Fraction],
        weight_decay: NonNegative,
        warmup_steps: Count,
        cosine_decay: bool,
        clip_norm: Positive | None,
        skip_norm: Positive | None,
    ) -> None:
        self.algorithm, self.lr, self.betas, self.weight_decay = algorithm, lr, tuple(betas), weight_decay
        self.warmup_steps, self.cosine_decay, self.clip_norm = warmup_steps, cosine_decay, clip_norm
        self.skip_norm = skip_norm

    def make(self, parameters: Iterable[nn.Parameter], fused: bool = True) -> torch.optim.Optimizer:
        target = getattr(self.algorithm, "func", self.algorithm)
        knows = "fused" in inspect.signature(target).parameters
        facts = {"lr": self.lr, "betas": self.betas, "weight_decay": self.weight_decay}
        return self.algorithm(list(parameters), **facts, **({"fused": True} if fused and knows else {}))

    def retune(self, optimizer: torch.optim.Optimizer) -> None:
        """Give an optimiser that was read from a checkpoint these settings instead of those it was saved with."""
        for group in optimizer.param_groups:
            group["lr"] = self.lr
            group |= {
                key: value
                for key, value in (("betas", self.betas), ("weight_decay", self.weight_decay))
                if key in group
            }

    @property
    def scheduled(self) -> bool:
        return self.warmup_steps > 0 or self.cosine_decay

    def factor(self, step: int, total_steps: int) -> float:
        """What the learning rate is multiplied with at a step: 1/w, 2/w, … 1 over the warm-up, then 1 or the cosine."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if not self.cosine_decay:
            return 1.0
        progress = (step - self.warmup_steps) / max(1, total_steps - self.warmup_steps)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
