"""p(z_L) = Σ_k w_k N(μ_k, diag(σ_k²))."""

import math

import torch
from torch import nn
from torch.distributions import Distribution

from vaelab.config.types import PositiveInt
from vaelab.distributions import DiagonalNormal, mixture
from vaelab.prior.prior import Examples, Prior, TopPosterior


class Mixture(Prior):
    """`components` diagonal Gaussians with learned weights, means and scales (Tomczak & Welling 2018, section 3).

    At the start the weights are equal and the means drawn from N(0, ½), with variance ½ around each: apart from each
    other, and on average as wide as N(0, I).
    """

    def __init__(self, z_dim: int, examples: Examples | None = None, *, components: PositiveInt) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.loc = nn.Parameter(math.sqrt(0.5) * torch.randn(components, z_dim))
        self.raw = nn.Parameter(torch.full((components, z_dim), 0.5 * math.log(0.5)))

    def forward(self, q_top: TopPosterior | None = None) -> Distribution:
        return mixture(self.logits, DiagonalNormal.bounded(self.loc, self.raw))
