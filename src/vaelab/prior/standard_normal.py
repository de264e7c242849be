"""p(z_L) = N(0, I)."""

import torch
from torch import Tensor

from vaelab.distributions import UnitNormal
from vaelab.prior.prior import Examples, Prior, TopPosterior


class StandardNormal(Prior):
    """The unit Gaussian over `z_dim` units. Seed section 1.1."""

    zeros: Tensor

    def __init__(self, z_dim: int, examples: Examples | None = None) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.zeros(z_dim), persistent=False)

    def forward(self, q_top: TopPosterior | None = None) -> UnitNormal:
        return UnitNormal(self.zeros)
