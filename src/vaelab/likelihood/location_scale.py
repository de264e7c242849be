"""Likelihoods with a location and a learned scale."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaelab.config.types import Positive
from vaelab.likelihood.likelihood import Likelihood
from vaelab.nn import Shape


class LocationScale(Likelihood):
    """One learned scale for all pixels, or s(z) for each (`per_pixel`), beside a location for each.

    The scale stays above `min_scale` (log s is a softplus above log min_scale) and starts at 1, to a softplus'
    accuracy, whatever the floor.
    """

    def __init__(self, x_shape: Shape, *, per_pixel: bool, min_scale: Positive) -> None:
        super().__init__(x_shape)
        self.per_pixel = per_pixel
        self.log_min = math.log(min_scale)
        self.raw = None if per_pixel else nn.Parameter(torch.zeros(()))

    @property
    def planes(self) -> int:
        return 2 if self.per_pixel else 1

    def read(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """(location, log scale), each [.., C, H, W] or broadcasting to it."""
        if self.raw is None:
            loc, raw = params.chunk(2, dim=-3)
        else:
            loc, raw = params, self.raw
        return loc, self.log_min + F.softplus(raw - self.log_min)
