"""Every prior is a density over z_L from which one can draw; the special cases are the simpler priors."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch.distributions import kl_divergence

from tests.factory import hierarchy, images
from vaelab.distributions import draw, tempered
from vaelab.prior import Flow, LearnedNormal, Mixture, Prior, StandardNormal
from vaelab.proposal import Ancestral

F64 = torch.float64
PRIORS: dict[str, Callable[[int], Prior]] = {
    "standard_normal": StandardNormal,
    "learned_normal": LearnedNormal,
    "mixture": partial(Mixture, components=7),
    "maf": partial(Flow, kind="maf", transforms=2, widths=[16]),
    "nsf": partial(Flow, kind="nsf", transforms=2, widths=[16]),
}


def make(name: str, d: int) -> Prior:
    torch.manual_seed(0)
    return PRIORS[name](d)


def grid(d: int) -> tuple[torch.Tensor, float]:
    n = 8001 if d == 1 else 241
    axis = torch.linspace(-10, 10, n, dtype=F64)
    return torch.cartesian_prod(*[axis] * d).reshape(-1, d), (20 / (n - 1)) ** d


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("d", [1, 2])
def test_it_integrates_to_one_and_draws_follow_it(name: str, d: int) -> None:
    p, (z, cell) = make(name, d).double()(), grid(d)
    with torch.no_grad():
        mass = p.log_prob(z).exp() * cell
        drawn = p.rsample((40_000,))
    assert mass.sum().item() == pytest.approx(1, abs=1e-3)
    mean = (mass[:, None] * z).sum(0)
    torch.testing.assert_close(drawn.mean(0), mean, atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(0), (mass[:, None] * (z - mean) ** 2).sum(0), atol=0.06, rtol=0)


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("d", [1, 3])
def test_shapes_and_temperatures(name: str, d: int) -> None:
    p = make(name, d)()
    assert p.batch_shape == () and p.event_shape == (d,)
    assert draw(p, (5,)).shape == (5, d) and draw(p, (4, 5)).shape == (4, 5, d)
    assert p.log_prob(torch.zeros(4, 5, d)).shape == (4, 5)
    for temperature in (0.0, 0.7, 1.0):
        assert torch.isfinite(tempered(p, temperature).rsample((9,))).all()
    model = hierarchy([4, d], prior=make(name, d))
    assert model.generate(Ancestral((6,), 0.5)).px.mean.shape == (6, 1, 4, 4)


@pytest.mark.parametrize("name", PRIORS)
def test_its_parameters_move_towards_the_data(name: str) -> None:
    """Fitted by maximum likelihood to two clusters: every learned prior gains, and none beats the clusters' entropy."""
    prior = make(name, 2)
    torch.manual_seed(1)
    centres = torch.tensor([[2.0, 1.0], [-2.0, -1.0]])
    z = centres[torch.randint(2, (4000,))] + 0.5 * torch.randn(4000, 2)
    before, parameters = prior().log_prob(z).mean().item(), list(prior.parameters())
    if not parameters:
        return
    optimizer = torch.optim.Adam(parameters, 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        (-prior().log_prob(z[torch.randint(4000, (256,))]).mean()).backward()
        optimizer.step()
    truth = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(2)),
        torch.distributions.Independent(torch.distributions.Normal(centres, 0.5), 1),
    )
    best, after = truth.log_prob(z).mean().item(), prior().log_prob(z).mean().item()
    assert before + 0.3 < after < best + 0.03
    if name in ("mixture", "nsf"):
        assert after > best - 0.35


def test_a_learned_normal_starts_as_the_standard_one() -> None:
    z = torch.randn(5, 3)
    start, standard = LearnedNormal(3)(), StandardNormal(3)()
    torch.testing.assert_close(start.log_prob(z), standard.log_prob(z))
    q = hierarchy([3]).q_top(images(5))
    torch.testing.assert_close(kl_divergence(q, start), kl_divergence(q, standard))


def test_a_mixture_of_one_is_a_learned_normal_and_starts_as_wide_as_the_standard_one() -> None:
    one, single, z = make("mixture", 3), LearnedNormal(3), torch.randn(5, 3)
    one = Mixture(3, components=1)
    with torch.no_grad():
        single.loc.copy_(one.loc[0])
        single.raw.copy_(one.raw[0])
    torch.testing.assert_close(one().log_prob(z), single().log_prob(z))
    torch.manual_seed(0)
    many = Mixture(3, components=2000)()
    torch.testing.assert_close(many.mean, torch.zeros(3), atol=0.05, rtol=0)
    torch.testing.assert_close(many.variance, torch.ones(3), atol=0.05, rtol=0)
    assert torch.pdist(make("mixture", 3).loc).min() > 0.1, "components that start alike stay alike"
