"""Gaussians whose units go together."""

import math

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, LowRankMultivariateNormal, MultivariateNormal, register_kl

from vaelab.distributions.diagonal_normal import HALF_LOG_2PI, DiagonalNormal
from vaelab.distributions.operations import tempered


class CorrelatedNormal(Distribution):
    """N(μ, Σ) over the last dimension, Σ with entries off its diagonal; density in nats.

    A thin coat over torch's own, `exact`, which reckons with 64 bits: solving with Σ takes differences of large
    numbers, and mixed precision leaves such tensors alone. What comes out is of type `dtype`.
    """

    arg_constraints: dict = {}
    has_rsample = True

    def __init__(self, exact: MultivariateNormal | LowRankMultivariateNormal, dtype: torch.dtype) -> None:
        self.exact, self.dtype = exact, dtype
        super().__init__(exact.batch_shape, exact.event_shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.exact.mean.to(self.dtype)

    @property
    def variance(self) -> Tensor:
        return self.exact.variance.to(self.dtype)

    def rsample(self, sample_shape: Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        return self.exact.rsample(Size(sample_shape)).to(self.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        return self.exact.log_prob(value.double()).to(self.dtype)

    def entropy(self) -> Tensor:
        return self.exact.entropy().to(self.dtype)


def full_normal(loc: Tensor, scale_tril: Tensor) -> CorrelatedNormal:
    """N(loc [.., d], L Lᵀ), with L = `scale_tril` [.., d, d] lower triangular, its diagonal positive."""
    exact = MultivariateNormal(loc.double(), scale_tril=scale_tril.double(), validate_args=False)
    return CorrelatedNormal(exact, loc.dtype)


def low_rank_normal(loc: Tensor, factor: Tensor, log_scale: Tensor) -> CorrelatedNormal:
    """N(loc [.., d], F Fᵀ + diag(exp(log_scale))²), with F = `factor` [.., d, rank]."""
    noise = torch.exp(2.0 * log_scale.double())
    exact = LowRankMultivariateNormal(loc.double(), factor.double(), noise, validate_args=False)
    return CorrelatedNormal(exact, loc.dtype)


@register_kl(CorrelatedNormal, DiagonalNormal)
def _kl_to_diagonal(q: CorrelatedNormal, p: DiagonalNormal) -> Tensor:
    """KL(q ‖ p) in closed form, nats: of q, E_q log p knows the means and variances alone."""
    loc, log_scale = p.loc.double(), p.log_scale.double()
    squares = (q.exact.variance + (q.exact.mean - loc).square()) * torch.exp(-2.0 * log_scale)
    cross_entropy = p._sum(0.5 * squares + log_scale + HALF_LOG_2PI)
    return (cross_entropy - q.exact.entropy()).to(q.dtype)


@tempered.register
def _(distribution: CorrelatedNormal, temperature: float) -> Distribution:
    if temperature == 1.0:
        return distribution
    exact, t, dtype = distribution.exact, temperature, distribution.dtype
    if t == 0.0:  # torch's low-rank form has no such limit
        return DiagonalNormal(distribution.mean, torch.full_like(distribution.mean, -math.inf))
    if isinstance(exact, MultivariateNormal):
        return CorrelatedNormal(MultivariateNormal(exact.loc, scale_tril=t * exact.scale_tril), dtype)
    return CorrelatedNormal(LowRankMultivariateNormal(exact.loc, t * exact.cov_factor, t * t * exact.cov_diag), dtype)
