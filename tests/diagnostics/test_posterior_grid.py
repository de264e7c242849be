"""The posterior on a grid against the closed form of a linear model, and against a decoder that two z explain."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from tests.diagnostics.test_refine import correlated
from tests.factory import hierarchy, images
from vaelab.diagnostics.posterior_grid import peaks, posterior_grid
from vaelab.likelihood import Gaussian
from vaelab.model import Hierarchy

F64 = torch.float64
POINT = (1, 1, 1)


class Bent(torch.nn.Module):
    """x = f(z) by hand, of one pixel."""

    def __init__(self, f: object) -> None:
        super().__init__()
        self.f = f

    def forward(self, z: Tensor) -> Tensor:
        return self.f(z).reshape(*z.shape[:-1], 1, 1, 1)  # type: ignore[operator]


def bent(f: object, variance: float) -> Hierarchy:
    model = hierarchy([2], "bottom_up", x_shape=POINT, make_likelihood=partial(Gaussian, variance=variance))
    model.decoder.out = Bent(f)  # type: ignore[assignment]
    return model


def points(low: float, high: float, size: int) -> Tensor:
    """[S, S, 2]: z_1 along the columns, z_2 along the rows."""
    axis = torch.linspace(low, high, size, dtype=F64)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)


def test_of_a_linear_model_it_is_the_closed_form() -> None:
    chain, x, posterior = correlated(3)
    model = chain.hierarchy("bottom_up", "diagonal")
    torch.manual_seed(0)
    found = posterior_grid(model, x, size=121, max_rows=1000)
    at = points(found.low, found.high, 121)
    exact = torch.stack([MultivariateNormal(m, posterior.covariance_matrix[0]).log_prob(at) for m in posterior.mean])
    torch.testing.assert_close(found.log_p, exact, atol=1e-4, rtol=1e-5)
    log_px = MultivariateNormal(chain.mean[-3:], chain.cov[-3:, -3:]).log_prob(x.flatten(1))
    torch.testing.assert_close(found.log_px, log_px, atol=1e-4, rtol=0)
    assert found.modes.tolist() == [1, 1, 1]
    # q, and the divergences both ways
    q = model.q_top(x)
    own = MultivariateNormal(q.mean, torch.diag_embed(q.variance))
    log_q = torch.stack([own.log_prob(z) for z in at.flatten(0, 1)], 1).reshape(3, 121, 121)
    torch.testing.assert_close(found.log_q, log_q)
    torch.testing.assert_close(found.q_mass, torch.ones(3, dtype=F64), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.kl_from_q, kl_divergence(own, posterior), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.kl_to_q, kl_divergence(posterior, own), atol=1e-3, rtol=0)
    assert found.quadrature_error.max() < 1e-4
    # log p(x) - ELBO is the first of them
    torch.manual_seed(0)
    torch.testing.assert_close(found.log_px - model(x, 50_000).elbo, found.kl_from_q, atol=0.05, rtol=0)


def test_a_decoder_that_reads_z_by_its_size_alone_has_two_modes() -> None:
    """x = |z_1| + √v ε: p(z | x) is the same to both sides, log p(x) one integral over z_1."""
    v, x = 0.01, torch.tensor([1.5, 0.8, 0.0]).reshape(3, *POINT)
    torch.manual_seed(0)
    found = posterior_grid(bent(lambda z: z[..., 0].abs(), v), x, size=201, max_rows=7000)
    assert found.modes.tolist() == [2, 2, 1]
    at = points(found.low, found.high, 201)
    share = (found.log_p.exp() * (at[..., 0] > 0)).sum((1, 2)) * found.cell
    torch.testing.assert_close(share[:2], torch.full((2,), 0.5, dtype=F64), atol=0.01, rtol=0)
    z = torch.linspace(-8, 8, 200_001, dtype=F64)
    for log_px, value in zip(found.log_px, (1.5, 0.8, 0.0), strict=True):
        density = torch.exp(-0.5 * z**2 - 0.5 * (value - z.abs()) ** 2 / v) / (2 * math.pi * v**0.5)
        assert log_px.item() == pytest.approx(torch.trapezoid(density, z).log().item(), abs=0.01)


def test_the_orientation_is_that_of_the_legend() -> None:
    """x = z_2: the posterior lies where the rows say so, and z_1 keeps its prior."""
    torch.manual_seed(0)
    found = posterior_grid(bent(lambda z: z[..., 1], 0.01), torch.full((1, *POINT), 1.0), size=101, max_rows=50_000)
    at = points(found.low, found.high, 101)
    row, column = divmod(found.log_p[0].argmax().item(), 101)
    assert at[int(row), int(column)].tolist() == pytest.approx([0.0, 1 / 1.01], abs=0.1)


def test_too_coarse_a_grid_shows_itself() -> None:
    torch.manual_seed(0)
    model, x = bent(lambda z: z[..., 0], 1e-4), torch.full((1, *POINT), 0.5)
    assert posterior_grid(model, x, size=25, max_rows=5000).quadrature_error.item() > 0.1
    assert posterior_grid(model, x, size=1001, max_rows=1_100_000).quadrature_error.item() < 0.02


def bumps(*places: tuple[float, float, float, float]) -> Tensor:
    """log of a sum of round Gaussians (weight, z_1, z_2, width) on [-4, 4]²."""
    at = points(-4, 4, 101)
    each = [math.log(w) - (at - torch.tensor([a, b])).square().sum(-1) / (2 * s * s) for w, a, b, s in places]
    return torch.stack(each).logsumexp(0)


@pytest.mark.parametrize(
    ("log_p", "modes"),
    [
        (bumps((1, 0, 0, 0.5)), 1),
        (bumps((1, -2, 0, 0.5), (1, 2, 0, 0.5)), 2),
        (bumps((1, -2, 0, 0.5), (1, 2, 0, 0.5), (0.3, 0, 3, 0.3)), 3),
        # 3 % of the highest is none of its own
        (bumps((1, -2, 0, 0.5), (0.03, 2, 0, 0.5)), 1),
        # two peaks a little more than 2 σ apart stand on one hill
        (bumps((1, -0.6, 0, 0.5), (1, 0.6, 0, 0.5)), 1),
        (torch.zeros(9, 9, dtype=F64), 1),
    ],
)
def test_modes_of_sums_of_gaussians(log_p: Tensor, modes: int) -> None:
    assert peaks(log_p) == modes


def test_ripples_on_a_ridge_are_no_modes() -> None:
    at = points(-4, 4, 101)
    along, across = at.sum(-1), at[..., 0] - at[..., 1]
    ridge = -0.5 * (across / 0.1) ** 2 - 0.02 * along**2 + 0.2 * torch.cos(6 * along)
    assert peaks(ridge) == 1


def test_other_models_are_refused() -> None:
    for z_dims in ([3], [2, 2]):
        with pytest.raises(ValueError, match="one layer of two units"):
            posterior_grid(hierarchy(z_dims), images(1), size=5, max_rows=10)
