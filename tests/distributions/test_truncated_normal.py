"""The truncated Gaussian against numeric integration, and at its limits."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Exponential, kl_divergence

from vaelab.distributions import DiagonalNormal
from vaelab.distributions.truncated_normal import TruncatedNormal, truncated

BOUNDS = [0.1, 0.5, 1.0, 2.0, 4.0]
LOC, LOG_SCALE = 0.7, -0.4


def one(bound: float) -> TruncatedNormal:
    loc, log_scale = (torch.tensor([value], dtype=torch.float64) for value in (LOC, LOG_SCALE))
    return TruncatedNormal(loc, log_scale, bound)


def grid(bound: float) -> Tensor:
    """Its support, finely: 200 001 points."""
    reach = bound * math.exp(LOG_SCALE)
    return torch.linspace(LOC - reach, LOC + reach, 200_001, dtype=torch.float64)


@pytest.mark.parametrize("bound", BOUNDS)
def test_mass_mean_variance_and_entropy_are_those_of_the_integral(bound: float) -> None:
    q, z = one(bound), grid(bound)
    log_q = q.log_prob(z[:, None])
    density = log_q.exp()

    def mean(values: Tensor) -> float:
        return torch.trapezoid(density * values, z).item()

    assert mean(torch.ones_like(z)) == pytest.approx(1, abs=1e-8)
    assert mean(z) == pytest.approx(q.mean.item(), abs=1e-8)
    assert mean((z - LOC) ** 2) == pytest.approx(q.variance.item(), rel=1e-7)
    assert mean(-log_q) == pytest.approx(q.entropy().item(), abs=1e-7)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_stay_inside_and_follow_the_density(bound: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q = TruncatedNormal(torch.full((1,), LOC, dtype=dtype), torch.full((1,), LOG_SCALE, dtype=dtype), bound)
    z = q.rsample((100_000,))
    assert ((z - LOC).abs() <= bound * math.exp(LOG_SCALE) * (1 + 1e-6)).all()
    assert torch.isfinite(q.log_prob(z)).all(), "every draw has a density"
    # Kolmogorov-Smirnov: the largest distance to the distribution function, here by integration, at 0.1 %
    points = grid(bound)
    cdf = torch.cumulative_trapezoid(one(bound).log_prob(points[:, None]).exp(), points)
    found = torch.searchsorted(z.flatten().double().sort().values, points[1:]) / len(z)
    assert (found - cdf).abs().max().item() < 1.95 / math.sqrt(len(z))


def test_outside_there_is_nothing() -> None:
    z = torch.tensor([[LOC - 1.001 * math.exp(LOG_SCALE)], [LOC + 1.001 * math.exp(LOG_SCALE)], [50.0]])
    assert (one(1.0).log_prob(z) == -math.inf).all()


def test_far_out_it_is_the_gaussian() -> None:
    torch.manual_seed(0)
    loc, log_scale = torch.randn(2, 5, 3, dtype=torch.float64)
    p = DiagonalNormal(loc, log_scale)
    q = truncated(p, 12.0)
    z = p.rsample()
    torch.testing.assert_close(q.log_prob(z), p.log_prob(z))
    torch.testing.assert_close(q.entropy(), p.entropy())
    torch.testing.assert_close(q.variance, p.variance)


def test_units_are_independent_and_the_event_is_summed() -> None:
    torch.manual_seed(0)
    loc, log_scale = torch.randn(2, 5, 2, 3, dtype=torch.float64)
    q = truncated(DiagonalNormal(loc, log_scale, event_dims=2), 1.5)
    assert isinstance(q, TruncatedNormal)
    z = q.rsample((4,))
    each = TruncatedNormal(loc[..., None], log_scale[..., None], 1.5)
    torch.testing.assert_close(q.log_prob(z), each.log_prob(z[..., None]).sum((-1, -2)))
    torch.testing.assert_close(q.entropy(), each.entropy().sum((-1, -2)))
    assert q.batch_shape == (5,) and q.event_shape == (2, 3)


def test_no_closed_form_of_the_whole_gaussian_is_taken_for_it() -> None:
    p = DiagonalNormal(torch.zeros(3), torch.zeros(3))
    with pytest.raises(NotImplementedError):
        kl_divergence(truncated(p, 1.0), p)


def test_a_family_without_a_rule_is_named() -> None:
    with pytest.raises(NotImplementedError, match="no truncation is defined for Exponential"):
        truncated(Exponential(1.0), 2.0)
