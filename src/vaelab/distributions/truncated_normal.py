"""The diagonal Gaussian without its tails."""

import math
from functools import singledispatch

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.distributions.diagonal_normal import HALF_LOG_2PI, DiagonalNormal


class TruncatedNormal(Distribution):
    """Of N(loc, diag(exp(log_scale))²), the part with every unit within `bound` standard deviations of its mean.

    Shapes and `log_scale` as in DiagonalNormal; density in nats, -inf outside. With φ the standard normal density and
    Z = P(|ε| ≤ bound) for a unit: density φ(ε) / (Z σ), variance σ² (1 - 2·bound·φ(bound) / Z). Not a subclass of
    DiagonalNormal: closed forms for that are not true of this.
    """

    arg_constraints: dict = {}
    has_rsample = True

    def __init__(self, loc: Tensor, log_scale: Tensor, bound: float, event_dims: int = 1) -> None:
        self.loc, self.log_scale, self.bound, self.event_dims = loc, log_scale, bound, event_dims
        self.share = math.erf(bound / math.sqrt(2.0))  # Z
        # bound·φ(bound) / Z: what the tails held of the variance, halved
        self.loss = bound * math.exp(-0.5 * bound * bound - HALF_LOG_2PI) / self.share
        split = loc.dim() - event_dims
        super().__init__(loc.shape[:split], loc.shape[split:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return ((2.0 * self.log_scale).exp() * (1.0 - 2.0 * self.loss)).expand_as(self.loc)

    def rsample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        u = torch.rand((*sample_shape, *self.loc.shape), dtype=self.loc.dtype, device=self.loc.device)
        # the inverse of the distribution function; clamped, since at the ends it may round past the bound
        noise = math.sqrt(2.0) * torch.erfinv(self.share * (2.0 * u - 1.0))
        return torch.addcmul(self.loc, self.log_scale.exp(), noise.clamp(-self.bound, self.bound))

    def log_prob(self, value: Tensor) -> Tensor:
        noise = (value - self.loc) * torch.exp(-self.log_scale)
        inside = -0.5 * noise.square() - self.log_scale - (HALF_LOG_2PI + math.log(self.share))
        # a draw at the bound itself may come back from its own scale a rounding error further out
        edge = self.bound * (1.0 + 8.0 * torch.finfo(noise.dtype).eps)
        return self._sum(torch.where(noise.abs() <= edge, inside, -math.inf))

    def entropy(self) -> Tensor:
        per_unit = 0.5 + HALF_LOG_2PI + math.log(self.share) - self.loss
        return self._sum((self.log_scale + per_unit).expand_as(self.loc))

    def _sum(self, per_unit: Tensor) -> Tensor:
        return per_unit.flatten(-self.event_dims).sum(-1)


@singledispatch
def truncated(distribution: Distribution, bound: float) -> Distribution:
    """The same distribution within `bound` standard deviations of its mean in every unit.

    Raises NotImplementedError for a family that has no rule for it.
    """
    raise NotImplementedError(f"no truncation is defined for {type(distribution).__name__}")


@truncated.register
def _(distribution: DiagonalNormal, bound: float) -> Distribution:
    return TruncatedNormal(distribution.loc, distribution.log_scale, bound, distribution.event_dims)
