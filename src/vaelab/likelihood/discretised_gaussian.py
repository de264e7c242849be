"""A Gaussian cut into the 256 bytes."""

import torch
from torch import Tensor

from vaelab.distributions.diagonal_normal import HALF_LOG_2PI
from vaelab.likelihood.discretised import Discretised


class StandardGaussian:
    """F(u) = Φ(u)."""

    def cdf(self, u: Tensor) -> Tensor:
        return torch.special.ndtr(u)

    def log_cdf(self, u: Tensor) -> Tensor:
        return torch.special.log_ndtr(u)

    def log_between(self, middle: Tensor, width: Tensor) -> Tensor:
        """Narrow bins by a series about the middle, wide ones by log Φ in the left tail, where it is exact.

        A bin is narrow where log φ changes by less than a quarter across it: the difference of two log Φ would then be
        one of nearly equal numbers. The series is φ(m) w (1 + He2(m) w²/24 + He4(m) w⁴/1920 + …), what is left out
        under 1e-7.
        """
        middle, width = torch.broadcast_tensors(-middle.abs(), width)
        narrow = width * middle.abs().clamp(min=1.0) < 0.25
        # each branch sees harmless numbers where it is not taken: torch.where passes on the nan of both gradients
        m, w = torch.where(narrow, middle, 0.0), torch.where(narrow, width, 0.5)
        m2, w2 = m * m, w * w
        more = (m2 - 1.0) * w2 / 24.0 + ((m2 - 6.0) * m2 + 3.0) * w2 * w2 / 1920.0
        series = -0.5 * m2 - HALF_LOG_2PI + torch.log(w) + torch.log1p(more)
        m, half = torch.where(narrow, 0.0, middle), 0.5 * torch.where(narrow, 1.0, width)
        upper, lower = torch.special.log_ndtr(m + half), torch.special.log_ndtr(m - half)
        return torch.where(narrow, series, upper + torch.log(-torch.expm1(lower - upper)))

    def draw(self, like: Tensor) -> Tensor:
        return torch.randn_like(like)


class DiscretisedGaussian(Discretised):
    """p(x | z) = Π P(x_j), the mass of a Gaussian in the bin of x_j (Ho et al. 2020, eq. 13); nats."""

    family = StandardGaussian()
