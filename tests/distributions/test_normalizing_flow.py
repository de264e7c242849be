"""Flows are densities: they integrate to one, both directions agree, and a draw's own density is the right one."""

import pytest
import torch

from vaelab.distributions import Autoregressive, DiagonalNormal, NormalizingFlow, UnitNormal, draw, tempered

F64 = torch.float64
FAMILIES = ["maf", "iaf", "nsf"]


def flow(family: str, d: int = 2, context: int = 3, batch: tuple[int, ...] = (4,)) -> NormalizingFlow:
    """A flow with random weights, float64; unconditional of N(0, I) with `context` 0."""
    torch.manual_seed(0)
    maps = Autoregressive(family, d, context, 2, [16]).double()
    c = torch.randn(*batch, context, dtype=F64) if context else None
    base = (
        DiagonalNormal(torch.randn(*batch, d, dtype=F64), 0.3 * torch.randn(*batch, d, dtype=F64) - 0.5)
        if context
        else UnitNormal(torch.zeros(d, dtype=F64))
    )
    return NormalizingFlow(maps(c), base)


def grid(d: int, n: int, width: float) -> tuple[torch.Tensor, float]:
    axis = torch.linspace(-width, width, n, dtype=F64)
    return torch.cartesian_prod(*[axis] * d).reshape(-1, d), (2 * width / (n - 1)) ** d


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("context", [0, 3])
def test_it_integrates_to_one(family: str, context: int) -> None:
    for d, n, width in ((1, 20_001, 15.0), (2, 241, 10.0)):
        z, cell = grid(d, n, width)
        q = flow(family, d, context, (1,))
        with torch.no_grad():
            area = (q.log_prob(z[:, None] if context else z).exp() * cell).sum(0)
        torch.testing.assert_close(area, torch.ones_like(area), atol=1e-3, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_density_of_its_own_draw_is_that_of_the_inversion(family: str) -> None:
    q = flow(family, d=4)
    z = q.rsample((7,))
    own, again = q.log_prob(z), q.log_prob(z.clone())
    assert own.shape == (7, 4)
    torch.testing.assert_close(own, again, atol=1e-9, rtol=0)
    assert q.log_prob(z) is own and again is not own


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_is_that_of_the_inversion(family: str) -> None:
    """d/dμ of log q at a draw that follows μ: by what is remembered, and by way of the density."""
    torch.manual_seed(1)
    maps = Autoregressive(family, 3, 2, 2, [16]).double()
    c, gradients = torch.randn(5, 2, dtype=F64), []
    for same_tensor in (True, False):
        loc = torch.zeros(5, 3, dtype=F64, requires_grad=True)
        q = NormalizingFlow(maps(c), DiagonalNormal(loc, loc))
        torch.manual_seed(2)
        z = q.rsample()
        q.log_prob(z if same_tensor else z + 0).sum().backward()
        gradients.append(loc.grad)
    torch.testing.assert_close(*gradients)


def test_what_was_drawn_without_a_gradient_is_reckoned_again_with_one() -> None:
    torch.manual_seed(0)
    maps = Autoregressive("iaf", 3, 2, 2, [16])
    q = NormalizingFlow(maps(torch.randn(5, 2)), DiagonalNormal(torch.zeros(5, 3), torch.zeros(5, 3)))
    z = q.sample()
    assert q.log_prob(z).requires_grad


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_follow_the_density(family: str) -> None:
    """E_q of a bounded function, by draws and on a grid."""
    q = flow(family, 2, 3, (1,))
    z, cell = grid(2, 241, 10.0)
    with torch.no_grad():
        exact = (q.log_prob(z[:, None])[:, 0].exp() * cell * torch.sigmoid(z.sum(-1))).sum()
        values = torch.sigmoid(q.rsample((20_000,))[:, 0].sum(-1))
    assert abs(values.mean() - exact) < 4 * values.std() / 20_000**0.5 + 1e-3


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 3])
def test_shapes(family: str, d: int) -> None:
    q = flow(family, d)
    assert draw(q, (4,)).shape == (4, d) and draw(q, (7, 4)).shape == (7, 4, d)
    assert q.log_prob(torch.zeros(d, dtype=F64)).shape == (4,)
    assert q.log_prob(torch.zeros(7, 1, d, dtype=F64)).shape == (7, 4)
    twice = flow(family, d, batch=(7, 4))
    assert twice.log_prob(draw(twice, (7, 4))).shape == (7, 4)
    p = flow(family, d, context=0)
    assert draw(p, (7, 4)).shape == (7, 4, d) and p.log_prob(torch.zeros(7, 4, d, dtype=F64)).shape == (7, 4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_quick_direction_is_one_pass_of_each_network(family: str) -> None:
    passes = 0

    def count(*_: object) -> None:
        nonlocal passes
        passes += 1

    maps = Autoregressive(family, 5, 3, 2, [16])
    for m in maps.maps.transforms:
        m.hyper.register_forward_hook(count)
    q = NormalizingFlow(maps(torch.randn(4, 3)), DiagonalNormal(torch.zeros(4, 5), torch.zeros(4, 5)))
    if family == "maf":
        q.log_prob(torch.randn(4, 5))
        assert passes == 2
    else:
        # one for the draw and one for its density, each map
        q.log_prob(q.rsample())
        assert passes <= 4


def test_it_has_neither_mean_nor_entropy() -> None:
    q = flow("iaf")
    with pytest.raises(NotImplementedError):
        _ = q.mean
    with pytest.raises(NotImplementedError):
        q.entropy()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_temperature_is_that_of_the_base(family: str) -> None:
    q = flow(family)
    assert tempered(q, 1.0) is q
    frozen = tempered(q, 0.0)
    torch.testing.assert_close(frozen.rsample(), frozen.rsample())
    assert tempered(q, 0.1).rsample((2000,)).std(0).mean() < 0.5 * q.rsample((2000,)).std(0).mean()


@pytest.mark.parametrize("family", FAMILIES)
def test_mixed_precision_does_not_reach_inside(family: str) -> None:
    maps = Autoregressive(family, 3, 2, 2, [16])
    q = NormalizingFlow(maps(torch.randn(5, 2)), DiagonalNormal(torch.zeros(5, 3), torch.zeros(5, 3)))
    z = torch.randn(5, 3)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = q.log_prob(z)
    assert torch.equal(mixed, q.log_prob(z))
