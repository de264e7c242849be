"""A Gaussian that learns its own variance."""

from torch import Tensor

from vaelab.distributions import DiagonalNormal
from vaelab.likelihood.location_scale import LocationScale


class GaussianLearned(LocationScale):
    """p(x | z) = N(x; μ(z), σ²): one learned σ for all pixels, or σ(z) for each (`per_pixel`); density in nats.

    One σ is the optimal-variance decoder of Rybkin et al. 2021. On images with constant pixels the density has no
    maximum without a floor under σ: `min_scale`.
    """

    takes = ("real", "unit", "dequantised")

    def forward(self, params: Tensor) -> DiagonalNormal:
        return DiagonalNormal(*self.read(params), event_dims=3)
