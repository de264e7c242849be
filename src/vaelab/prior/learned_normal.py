"""p(z_L) = N(μ, diag(σ²)), learned."""

import torch
from torch import nn

from vaelab.distributions import DiagonalNormal
from vaelab.prior.prior import Examples, Prior, TopPosterior


class LearnedNormal(Prior):
    """A Gaussian with a learned mean and log scale (within ±10) for each unit, N(0, I) before training."""

    def __init__(self, z_dim: int, examples: Examples | None = None) -> None:
        super().__init__()
        self.loc = nn.Parameter(torch.zeros(z_dim))
        self.raw = nn.Parameter(torch.zeros(z_dim))

    def forward(self, q_top: TopPosterior | None = None) -> DiagonalNormal:
        return DiagonalNormal.bounded(self.loc, self.raw)
