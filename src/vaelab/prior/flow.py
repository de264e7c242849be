"""p(z_L) as a normalizing flow of N(0, I)."""

from typing import Literal

import torch
from torch import Tensor

from vaelab.config.types import PositiveInt
from vaelab.distributions import Autoregressive, NormalizingFlow, UnitNormal
from vaelab.prior.prior import Examples, Prior, TopPosterior


class Flow(Prior):
    """N(0, I) bent by `transforms` autoregressive maps with masked networks of `widths` (Papamakarios et al. 2017).

    `maf` maps are affine, `nsf` maps splines; see `vaelab.distributions.Autoregressive`. A density, which training
    asks for, is one pass; a sample takes one pass for each unit.
    """

    zeros: Tensor

    def __init__(
        self,
        z_dim: int,
        examples: Examples | None = None,
        *,
        kind: Literal["maf", "nsf"],
        transforms: PositiveInt,
        widths: list[PositiveInt],
    ) -> None:
        super().__init__()
        self.f = Autoregressive(kind, z_dim, 0, transforms, widths)
        self.register_buffer("zeros", torch.zeros(z_dim), persistent=False)

    def forward(self, q_top: TopPosterior | None = None) -> NormalizingFlow:
        return NormalizingFlow(self.f(), UnitNormal(self.zeros))
