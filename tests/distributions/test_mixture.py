"""The mixture against torch's own, and its fast form against the plain one."""

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vaelab.distributions import DiagonalNormal, Mixture, MixtureOfNormals, full_normal, mixture, tempered

F64 = torch.float64


def parameters(k: int = 4, d: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(k, dtype=F64), 2 * torch.randn(k, d, dtype=F64), torch.randn(k, d, dtype=F64)


def torchs(logits: torch.Tensor, loc: torch.Tensor, log_scale: torch.Tensor) -> MixtureSameFamily:
    return MixtureSameFamily(Categorical(logits=logits), Independent(Normal(loc, log_scale.exp()), 1))


def test_density_mean_and_variance_are_those_of_torch() -> None:
    of = parameters()
    p, truth = MixtureOfNormals(*of), torchs(*of)
    z = 3 * torch.randn(7, 5, 3, dtype=F64)
    torch.testing.assert_close(p.log_prob(z), truth.log_prob(z), atol=1e-11, rtol=0)
    torch.testing.assert_close(p.mean, truth.mean)
    torch.testing.assert_close(p.variance, truth.variance)
    assert p.batch_shape == () and p.event_shape == (3,)


def test_the_matrix_products_are_the_plain_form() -> None:
    logits, loc, log_scale = parameters()
    z = torch.randn(6, 3, dtype=F64)
    plain = Mixture(logits, DiagonalNormal(loc, log_scale)).log_prob(z)
    torch.testing.assert_close(MixtureOfNormals(logits, loc, log_scale).log_prob(z), plain, atol=1e-11, rtol=0)


def test_of_one_component_it_is_that_component() -> None:
    _, loc, log_scale = parameters(k=1)
    z = torch.randn(6, 3, dtype=F64)
    p = MixtureOfNormals(torch.zeros(1, dtype=F64), loc, log_scale)
    torch.testing.assert_close(p.log_prob(z), DiagonalNormal(loc[0], log_scale[0]).log_prob(z))


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_narrow_components_far_away_lose_nothing_in_32_bits(shift: float) -> None:
    """z²/σ² - 2zμ/σ² + μ²/σ² loses all its digits in 32 bits here."""
    loc = torch.tensor([[shift], [shift + 1]])
    log_scale = torch.full_like(loc, math.log(1e-2))
    z = loc[:1] + 0.01
    exact = torchs(torch.zeros(2, dtype=F64), loc.double(), log_scale.double()).log_prob(z.double())
    got = MixtureOfNormals(torch.zeros(2), loc, log_scale).log_prob(z)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, exact.float(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("make", [MixtureOfNormals, lambda w, m, s: Mixture(w, DiagonalNormal(m, s))])
def test_draws_are_of_one_component_for_all_dimensions(make) -> None:  # type: ignore[no-untyped-def]
    """Two components at opposite corners: drawn for each dimension by itself, half would stand at the others."""
    torch.manual_seed(0)
    loc = torch.tensor([[5.0, 5.0], [-5.0, -5.0]], requires_grad=True)
    p = make(torch.tensor([0.25, 0.75]).log(), loc, torch.full((2, 2), -2.0))
    z = p.rsample((100, 200))
    assert z.shape == (100, 200, 2)
    assert (z[..., 0].sign() == z[..., 1].sign()).all()
    assert (z[..., 0] > 0).double().mean().item() == pytest.approx(0.25, abs=0.015)
    torch.testing.assert_close(z.flatten(0, 1).var(0), p.variance, atol=0.5, rtol=0)
    z.sum().backward()
    torch.testing.assert_close(loc.grad.sum(), torch.tensor(40_000.0))
    assert p.rsample().shape == (2,)


def test_any_family_makes_a_mixture() -> None:
    torch.manual_seed(0)
    loc, L = torch.randn(3, 2), torch.randn(3, 2, 2).tril() + 3 * torch.eye(2)
    p = mixture(torch.zeros(3), full_normal(loc, L))
    truth = MixtureSameFamily(
        Categorical(logits=torch.zeros(3)), torch.distributions.MultivariateNormal(loc, scale_tril=L)
    )
    z = torch.randn(4, 5, 2)
    torch.testing.assert_close(p.log_prob(z), truth.log_prob(z))
    torch.testing.assert_close(p.rsample((50_000,)).mean(0), truth.mean, atol=0.1, rtol=0)
    assert isinstance(mixture(torch.zeros(3), DiagonalNormal(loc, loc)), MixtureOfNormals)


def test_a_temperature_is_of_each_component() -> None:
    logits, loc, log_scale = parameters()
    cold = tempered(MixtureOfNormals(logits, loc, log_scale), 0.5)
    z = torch.randn(6, 3, dtype=F64)
    torch.testing.assert_close(cold.log_prob(z), torchs(logits, loc, log_scale + math.log(0.5)).log_prob(z))
    frozen = tempered(MixtureOfNormals(logits, loc, log_scale), 0.0).rsample((20,))
    assert ((frozen[:, None] == loc).all(-1).sum(1) == 1).all()
