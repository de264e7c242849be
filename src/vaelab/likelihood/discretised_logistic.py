"""A logistic cut into the 256 bytes."""

import torch
from torch import Tensor
from torch.nn import functional as F

from vaelab.likelihood.discretised import Discretised


class StandardLogistic:
    """F(u) = σ(u)."""

    def cdf(self, u: Tensor) -> Tensor:
        return torch.sigmoid(u)

    def log_cdf(self, u: Tensor) -> Tensor:
        return F.logsigmoid(u)

    def log_between(self, middle: Tensor, width: Tensor) -> Tensor:
        """σ(b) - σ(a) = σ(b) σ(-a) (1 - e^(a-b)): no difference of two nearly equal numbers is ever taken."""
        half = 0.5 * width
        return F.logsigmoid(middle + half) + F.logsigmoid(half - middle) + torch.log(-torch.expm1(-width))

    def draw(self, like: Tensor) -> Tensor:
        return torch.logit(torch.rand_like(like))


LOGISTIC = StandardLogistic()


class DiscretisedLogistic(Discretised):
    """p(x | z) = Π P(x_j), the mass of a logistic in the bin of x_j (PixelCNN++ eq. 2, one component); nats."""

    family = LOGISTIC
