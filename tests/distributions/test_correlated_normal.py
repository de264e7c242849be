"""Gaussians with covariances against torch's own, and against the diagonal one they contain."""

import pytest
import torch
from torch.distributions import Independent, LowRankMultivariateNormal, MultivariateNormal, Normal, kl_divergence

from vaelab.distributions import (
    CorrelatedNormal,
    DiagonalNormal,
    UnitNormal,
    draw,
    full_normal,
    low_rank_normal,
    tempered,
)

F64 = torch.float64
BOTH = ["full", "low rank"]


def make(family: str, dtype: torch.dtype = F64) -> tuple[CorrelatedNormal, torch.Tensor, torch.Tensor]:
    """(q, mean, covariance) of batch [5] over 3 units."""
    g = torch.Generator().manual_seed(0)
    loc, raw = torch.randn(5, 3, generator=g, dtype=F64), 0.3 * torch.randn(5, 3, generator=g, dtype=F64)
    if family == "full":
        L = torch.randn(5, 3, 3, generator=g, dtype=F64).tril(-1) + torch.diag_embed(raw.exp())
        return full_normal(loc.to(dtype), L.to(dtype)), loc, L @ L.mT
    F = torch.randn(5, 3, 2, generator=g, dtype=F64)
    q = low_rank_normal(loc.to(dtype), F.to(dtype), raw.to(dtype))
    return q, loc, F @ F.mT + torch.diag_embed((2 * raw).exp())


@pytest.mark.parametrize("family", BOTH)
def test_density_entropy_and_moments_are_those_of_the_covariance(family: str) -> None:
    q, loc, covariance = make(family)
    truth = MultivariateNormal(loc, covariance)
    z = torch.randn(7, 5, 3, dtype=F64)
    torch.testing.assert_close(q.log_prob(z), truth.log_prob(z))
    torch.testing.assert_close(q.entropy(), truth.entropy())
    torch.testing.assert_close(q.mean, loc)
    torch.testing.assert_close(q.variance, covariance.diagonal(dim1=-2, dim2=-1))
    assert q.batch_shape == (5,) and q.event_shape == (3,)


@pytest.mark.parametrize("family", BOTH)
def test_draws_have_the_covariance_and_a_gradient(family: str) -> None:
    torch.manual_seed(0)
    q, loc, covariance = make(family)
    z = q.rsample((200_000,))
    for b in range(5):
        torch.testing.assert_close(torch.cov(z[:, b].T), covariance[b], atol=0.1, rtol=0)
    torch.testing.assert_close(z.mean(0), loc, atol=0.03, rtol=0)
    assert draw(q, (5,)).shape == (5, 3) and draw(q, (7, 5)).shape == (7, 5, 3)
    params = torch.zeros(5, 3, requires_grad=True)
    full_normal(params, torch.eye(3) + params[..., None]).rsample().sum().backward()
    assert params.grad is not None


@pytest.mark.parametrize("family", BOTH)
def test_the_divergence_to_a_diagonal_is_that_of_torch(family: str) -> None:
    q, loc, covariance = make(family)
    p_loc, p_log_scale = torch.randn(5, 3, dtype=F64), torch.randn(5, 3, dtype=F64)
    truth = MultivariateNormal(loc, covariance)
    against = MultivariateNormal(p_loc, torch.diag_embed((2 * p_log_scale).exp()))
    torch.testing.assert_close(kl_divergence(q, DiagonalNormal(p_loc, p_log_scale)), kl_divergence(truth, against))
    unit = MultivariateNormal(torch.zeros(3, dtype=F64), torch.eye(3, dtype=F64))
    torch.testing.assert_close(
        kl_divergence(q, UnitNormal(torch.zeros(3, dtype=F64))), kl_divergence(truth, unit.expand((5,)))
    )


def test_without_correlations_both_are_the_diagonal_normal() -> None:
    torch.manual_seed(0)
    loc, log_scale = torch.randn(5, 3), torch.randn(5, 3)
    q, p = DiagonalNormal(loc, log_scale), DiagonalNormal(torch.randn(3), torch.randn(3))
    z = torch.randn(7, 5, 3)
    full = full_normal(loc, torch.diag_embed(log_scale.exp()))
    for same in (full, low_rank_normal(loc, torch.zeros(5, 3, 2), log_scale)):
        torch.testing.assert_close(same.log_prob(z), q.log_prob(z))
        torch.testing.assert_close(same.entropy(), q.entropy())
        torch.testing.assert_close(kl_divergence(same, p), kl_divergence(q, p))
        assert same.log_prob(z).dtype == same.rsample().dtype == torch.float32


def test_noise_far_below_the_shared_directions_loses_nothing_in_32_bits() -> None:
    """Woodbury takes differences of numbers of order F²/σ², here 10⁸."""
    loc, F, log_scale = torch.zeros(4), torch.ones(4, 1), torch.full((4,), 1e-4).log()
    q = low_rank_normal(loc, F, log_scale)
    z = torch.ones(4) + torch.tensor([1e-4, -1e-4, 0.0, 0.0])
    truth = LowRankMultivariateNormal(loc.double(), F.double(), (2 * log_scale.double()).exp()).log_prob(z.double())
    naive = LowRankMultivariateNormal(loc, F, (2 * log_scale).exp()).log_prob(z)
    assert abs(naive - truth) > 1e-2, "32 bits were meant to be too few"
    torch.testing.assert_close(q.log_prob(z), truth.float())


@pytest.mark.parametrize("family", BOTH)
def test_mixed_precision_changes_nothing(family: str) -> None:
    z = torch.randn(7, 5, 3)

    def figures() -> list[torch.Tensor]:
        torch.manual_seed(0)
        again, _, _ = make(family, torch.float32)
        return [again.rsample((7,)), again.log_prob(z), kl_divergence(again, UnitNormal(torch.zeros(3)))]

    with torch.autocast("cpu", torch.bfloat16):
        mixed = figures()
    for a, b in zip(mixed, figures(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("family", BOTH)
def test_a_temperature_scales_the_covariance(family: str) -> None:
    q, loc, covariance = make(family)
    z = torch.randn(7, 5, 3, dtype=F64)
    torch.testing.assert_close(tempered(q, 0.5).log_prob(z), MultivariateNormal(loc, covariance / 4).log_prob(z))
    torch.testing.assert_close(tempered(q, 0.0).rsample(), loc)
    assert tempered(q, 1.0) is q


def test_torchs_own_diagonal_agrees_too() -> None:
    """The oracle of the oracles: a product of one-dimensional normals."""
    loc, scale = torch.randn(3, dtype=F64), torch.rand(3, dtype=F64) + 0.5
    z = torch.randn(5, 3, dtype=F64)
    truth = Independent(Normal(loc, scale), 1).log_prob(z)
    torch.testing.assert_close(full_normal(loc, torch.diag(scale)).log_prob(z), truth)
