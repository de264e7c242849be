"""p(z_L) = N(0, I)."""

import torch
from torch import Tensor, nn

from vaelab.distributions import UnitNormal


class StandardNormal(nn.Module):
    """The unit Gaussian over `z_dim` units; the context is ignored. Seed section 1.1."""

    zeros: Tensor

    def __init__(self, z_dim: int) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.zeros(z_dim), persistent=False)

    def forward(self, context: Tensor | None = None) -> UnitNormal:
        return UnitNormal(self.zeros)
