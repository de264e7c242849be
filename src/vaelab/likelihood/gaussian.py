"""The seed's decoder: a Gaussian of fixed variance."""

import math

import torch
from torch import Tensor

from vaelab.config.types import Positive
from vaelab.distributions import DiagonalNormal
from vaelab.likelihood.likelihood import Likelihood
from vaelab.nn import Shape


class Gaussian(Likelihood):
    """p(x | z) = N(x; params, σ² I) with σ² = `variance` fixed; density in nats, its constant kept.

    log p(x | z) = -D/2 log(2πσ²) - ‖x - params‖² / 2σ², summed over the D values of x (seed equations 7, 8).
    """

    takes = ("real", "unit", "dequantised")
    log_scale: Tensor

    def __init__(self, x_shape: Shape, *, variance: Positive) -> None:
        super().__init__(x_shape)
        log_scale = torch.tensor(0.5 * math.log(variance), dtype=torch.get_default_dtype())
        self.register_buffer("log_scale", log_scale, persistent=False)

    def forward(self, params: Tensor) -> DiagonalNormal:
        return DiagonalNormal(params, self.log_scale, event_dims=3)
