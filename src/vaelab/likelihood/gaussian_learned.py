"""A Gaussian that learns its own variance."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaelab.config.types import Positive
from vaelab.distributions import DiagonalNormal
from vaelab.likelihood.likelihood import Likelihood
from vaelab.nn import Shape


class GaussianLearned(Likelihood):
    """p(x | z) = N(x; μ(z), σ²): one learned σ for all pixels, or σ(z) for each (`per_pixel`); density in nats.

    One σ is the optimal-variance decoder of Rybkin et al. 2021. σ stays above `min_scale` (log σ is a softplus
    above log min_scale): on images with constant pixels the density has no maximum without such a floor.
    """

    takes = ("real", "unit", "dequantised")

    def __init__(self, x_shape: Shape, *, per_pixel: bool, min_scale: Positive) -> None:
        super().__init__(x_shape)
        self.per_pixel = per_pixel
        self.log_min = math.log(min_scale)
        # starts at σ = 1 (to a softplus' accuracy), whatever the floor
        self.raw = None if per_pixel else nn.Parameter(torch.zeros(()))

    @property
    def planes(self) -> int:
        return 2 if self.per_pixel else 1

    def forward(self, params: Tensor) -> DiagonalNormal:
        if self.raw is None:
            loc, raw = params.chunk(2, dim=-3)
        else:
            loc, raw = params, self.raw
        return DiagonalNormal(loc, self.log_min + F.softplus(raw - self.log_min), event_dims=3)
