"""A reconstruction that is asked for, at the least kl."""

import math

import torch
from torch import Tensor, nn

from vaelab.config.types import Fraction, Positive
from vaelab.model import Terms
from vaelab.objective.objective import Objective


class Geco(Objective, nn.Module):
    """-(kl + λ · C) with C = `target_nats` - reconstruction (Rezende & Viola 2018, eq. 1 and algorithm 1), [B] nats.

    λ is a Lagrange multiplier: it grows while the reconstruction misses the target and shrinks while it exceeds it.
    With each training batch C̄ ← `decay` · C̄ + (1 - `decay`) · batch mean of C, then λ ← λ · exp(`rate` · C̄), within
    1/`max_weight` and `max_weight`; it starts at 1. `rate` is per batch and nat: accumulated
    gradients move λ with each of their batches. A batch without a number moves nothing, nor does validation. λ is in
    the checkpoint; λ = 1 has the gradient of the ELBO. (Under DDP each rank moves rank 0's λ by its own batch.)
    """

    log_weight: Tensor
    average: Tensor
    started: Tensor

    def __init__(self, *, target_nats: float, decay: Fraction, rate: Positive, max_weight: Positive) -> None:
        super().__init__()
        self.target_nats, self.decay, self.rate, self.max_weight = target_nats, decay, rate, max_weight
        self.register_buffer("log_weight", torch.zeros(()))
        self.register_buffer("average", torch.zeros(()))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    @torch.no_grad()
    def observe(self, terms: Terms) -> None:
        constraint = (self.target_nats - terms.reconstruction).mean()
        constraint = torch.where(constraint.isfinite(), constraint, self.average.to(constraint))
        # the first batch is the average so far
        self.average.lerp_(constraint.to(self.average), torch.where(self.started, 1.0 - self.decay, 1.0))
        self.started.fill_(True)
        bound = abs(math.log(self.max_weight))
        self.log_weight.add_(self.average, alpha=self.rate).clamp_(-bound, bound)

    def figures(self) -> dict[str, float]:
        return {"constraint_weight": float(self.log_weight.exp())}

    def kl_weight(self, step: int) -> float:
        return float(torch.exp(-self.log_weight)) if step else 1.0  # λ starts at 1, and has no memory of its course

    def __call__(self, terms: Terms, step: int) -> Tensor:
        return -(terms.kl + self.log_weight.exp() * (self.target_nats - terms.reconstruction))
