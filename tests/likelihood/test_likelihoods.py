"""Every likelihood is one: it sums or integrates to one, and says so of its own values."""

import math

import pytest
import torch

from vaelab.likelihood import Bernoulli, ContinuousBernoulli, Gaussian, GaussianLearned

PIXEL = (1, 1, 1)


def test_bernoulli_sums_to_one_over_all_images() -> None:
    torch.manual_seed(0)
    p = Bernoulli((1, 2, 2))(3 * torch.randn(1, 1, 2, 2, dtype=torch.float64))
    images = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 4).reshape(-1, 1, 2, 2)
    assert p.log_prob(images).exp().sum().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("logit", [-8.0, -1.0, -1e-3, 0.0, 1e-4, 0.3, 2.0, 9.0])
def test_continuous_bernoulli_integrates_to_one(logit: float) -> None:
    p = ContinuousBernoulli(PIXEL)(torch.full((1, 1, 1, 1), logit, dtype=torch.float64))
    x = torch.linspace(0, 1, 20_001, dtype=torch.float64).reshape(-1, 1, 1, 1)
    area = torch.trapezoid(p.log_prob(x).exp(), dx=1 / 20_000)
    assert area.item() == pytest.approx(1, abs=2e-6)


@pytest.mark.parametrize("loc", [-1.0, 0.4])
@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(PIXEL, variance=0.04).double(),
        lambda: GaussianLearned(PIXEL, per_pixel=False, min_scale=0.01).double(),
        lambda: GaussianLearned(PIXEL, per_pixel=True, min_scale=0.01).double(),
    ],
    ids=["gaussian", "one learned", "learned per pixel"],
)
def test_gaussians_integrate_to_one(make, loc: float) -> None:  # type: ignore[no-untyped-def]
    likelihood = make()
    p = likelihood(torch.full((1, *likelihood.params_shape), loc, dtype=torch.float64))
    x = torch.linspace(-15, 15, 200_001, dtype=torch.float64).reshape(-1, 1, 1, 1)
    assert torch.trapezoid(p.log_prob(x).exp(), dx=30 / 200_000).item() == pytest.approx(1, abs=1e-9)


def test_gaussian_keeps_its_constant_and_sums_over_pixels() -> None:
    """Seed equation 8: -D/2 log(2πσ²) - ‖x - μ‖² / 2σ²."""
    torch.manual_seed(0)
    x, mu = torch.randn(5, 3, 4, 2), torch.randn(5, 3, 4, 2)
    variance, D = 0.3, 24
    expected = -D / 2 * math.log(2 * math.pi * variance) - ((x - mu) ** 2).flatten(1).sum(1) / (2 * variance)
    torch.testing.assert_close(Gaussian((3, 4, 2), variance=variance)(mu).log_prob(x), expected)


def test_learned_scale_starts_near_one_and_keeps_its_floor() -> None:
    likelihood = GaussianLearned(PIXEL, per_pixel=False, min_scale=0.1)
    assert likelihood(torch.zeros(1, 1, 1, 1)).scale.item() == pytest.approx(1, abs=0.11)
    with torch.no_grad():
        likelihood.raw.fill_(-1000)
    assert likelihood(torch.zeros(1, 1, 1, 1)).scale.item() == pytest.approx(0.1)


@pytest.mark.parametrize("per_pixel", [False, True])
def test_learned_scale_reaches_the_scale_of_the_residual(per_pixel: bool) -> None:
    torch.manual_seed(0)
    x = 0.25 * torch.randn(4000, 1, 1, 1)
    likelihood = GaussianLearned(PIXEL, per_pixel=per_pixel, min_scale=0.001)
    params = torch.nn.Parameter(torch.zeros(1, *likelihood.params_shape))
    optimizer = torch.optim.Adam([params, *likelihood.parameters()], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (-likelihood(params).log_prob(x).mean()).backward()
        optimizer.step()
    assert likelihood(params).scale.item() == pytest.approx(x.std().item(), rel=0.02)


@pytest.mark.parametrize(
    "likelihood",
    [
        Bernoulli((2, 3, 4)),
        ContinuousBernoulli((2, 3, 4)),
        Gaussian((2, 3, 4), variance=1.0),
        GaussianLearned((2, 3, 4), per_pixel=True, min_scale=0.1),
    ],
    ids=lambda likelihood: type(likelihood).__name__,
)
def test_shapes_with_draws_in_front(likelihood: torch.nn.Module) -> None:
    p = likelihood(torch.randn(7, 5, *likelihood.params_shape))
    assert p.log_prob(torch.rand(5, 2, 3, 4).round()).shape == (7, 5)
    assert p.mean.shape == (7, 5, 2, 3, 4)
