"""The cut of the kl over a whole set: loops, mixtures whose total correlation is known, and the identity."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

import vaelab.diagnostics.total_correlation as room
from tests.factory import hierarchy, images
from vaelab.diagnostics.surgery import surgery
from vaelab.diagnostics.total_correlation import mutual_information, posteriors, total_correlation
from vaelab.distributions import UnitNormal
from vaelab.errors import ConfigError

D = torch.float64


def example(n: int = 7, d: int = 3, draws: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    mean, log_scale = torch.randn(n, d, dtype=D), 0.5 * torch.randn(n, d, dtype=D)
    return mean, log_scale, mean + log_scale.exp() * torch.randn(draws, n, d, dtype=D)


def prior(d: int) -> UnitNormal:
    return UnitNormal(torch.zeros(d, dtype=D))


@pytest.fixture(params=[1, 4, 50, 1 << 22])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
def test_it_is_what_loops_over_draws_images_and_units_give() -> None:
    mean, log_scale, z = example()
    shares = total_correlation(mean, log_scale, z, prior(3))
    for s in range(2):
        for n in range(7):
            unit = [
                [Normal(mean[m, u], log_scale[m, u].exp()).log_prob(z[s, n, u]).exp() for u in range(3)]
                for m in range(7)
            ]
            joint = sum(math.prod(row) for row in unit) / 7
            marginals = math.prod(sum(row[u] for row in unit) / 7 for u in range(3))
            own, p = math.prod(unit[n]), math.exp(Normal(0.0, 1.0).log_prob(z[s, n]).sum())
            expected = [math.log(own / joint), math.log(joint / marginals), math.log(marginals / p)]
            assert [share[s, n].item() for share in shares] == pytest.approx(expected, abs=1e-12)


@pytest.mark.usefixtures("block")
def test_the_shares_add_up_to_the_kl_at_the_draws() -> None:
    mean, log_scale, z = example()
    kl = (Normal(mean, log_scale.exp()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1)
    torch.testing.assert_close(sum(total_correlation(mean, log_scale, z, prior(3))), kl)
    one = total_correlation(mean, log_scale, z[1], prior(3))
    for whole, single in zip(total_correlation(mean, log_scale, z, prior(3)), one, strict=True):
        torch.testing.assert_close(whole[1], single)


@pytest.mark.usefixtures("block")
def test_the_matrix_products_give_the_same_information() -> None:
    mean, log_scale, z = example()
    expected = total_correlation(mean, log_scale, z, prior(3)).mutual_information
    torch.testing.assert_close(mutual_information(mean, log_scale, z), expected)
    torch.testing.assert_close(
        mutual_information(mean, log_scale[:1], z), mutual_information(mean, log_scale[:1].expand(7, 3), z)
    )


def test_independent_units_have_no_total_correlation() -> None:
    """Means on a full grid and one scale a unit: q(z) is a product, so that every single draw has 0."""
    mean = torch.cartesian_prod(torch.tensor([-2.0, 0.0, 1.0], dtype=D), torch.tensor([0.5, 3.0], dtype=D))
    log_scale = torch.tensor([[-1.0, 0.3]], dtype=D)
    z = mean + log_scale.exp() * torch.randn(50, 6, 2, dtype=D, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        total_correlation(mean, log_scale, z, prior(2)).total_correlation, torch.zeros(50, 6, dtype=D)
    )


def test_two_units_that_say_the_same_bit() -> None:
    """Narrow posteriors at (-1, -1) and (1, 1): I(x; z) = log 2, of which each unit alone tells all: TC = log 2."""
    mean = torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=D)
    shares = total_correlation(mean, torch.full((1, 2), -5.0, dtype=D), mean, prior(2))
    for share in (shares.mutual_information, shares.total_correlation):
        torch.testing.assert_close(share, torch.full((2,), math.log(2), dtype=D))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_correlated_gaussians_have_that_of_the_closed_form(rho: float) -> None:
    """q(z) = N(0, C) with unit variances and correlation ρ: TC = -log(1-ρ²)/2."""
    torch.manual_seed(0)
    n, variance = 2000, 0.1
    C = torch.tensor([[1.0, rho], [rho, 1.0]], dtype=D)
    spread = torch.linalg.cholesky(C - variance * torch.eye(2, dtype=D))
    mean = torch.randn(n, 2, dtype=D) @ spread.T
    # the sample's moments set to those of the truth
    mean = mean - mean.mean(0)
    mean = mean @ torch.linalg.inv(torch.linalg.cholesky(mean.T @ mean / n)).T @ spread.T
    log_scale = torch.full((1, 2), 0.5 * math.log(variance), dtype=D)
    z = mean + variance**0.5 * torch.randn(n, 2, dtype=D)
    found = total_correlation(mean, log_scale, z, prior(2)).total_correlation
    error = found.std() / n**0.5
    assert found.mean().item() == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.01 + 4 * error.item())


def test_a_collapsed_posterior_reads_as_one() -> None:
    z = torch.randn(20, 3, dtype=D, generator=torch.Generator().manual_seed(0))
    zeros = torch.zeros(20, 3, dtype=D)
    for share in total_correlation(zeros, zeros, z, prior(3)):
        torch.testing.assert_close(share, torch.zeros(20, dtype=D))


def test_the_information_of_images_far_apart_is_log_n() -> None:
    mean = 100 * torch.arange(30, dtype=D)[:, None]
    torch.testing.assert_close(
        mutual_information(mean, torch.zeros(1, 1, dtype=D), mean), torch.full((30,), math.log(30), dtype=D)
    )


def test_the_information_is_that_of_the_ladder_of_one_layer() -> None:
    """`surgery` passes images through the model; here its q is given."""
    model, x = hierarchy([3]), images(11)
    torch.manual_seed(0)
    expected = surgery(model, x, max_rows=50)
    torch.manual_seed(0)
    found = mutual_information(*posteriors(model, [x]))
    assert found.mean().item() == pytest.approx(expected.information.mean().item(), rel=1e-5)


def test_posteriors_of_a_model_are_those_of_its_images_in_order() -> None:
    model, x = hierarchy([3]), images(11)
    torch.manual_seed(0)
    found = posteriors(model, x.split(4))
    q = model.encoder.top(model.encode(x))
    torch.testing.assert_close((found.mean, found.log_scale), (q.loc, q.log_scale))
    torch.manual_seed(0)
    noise = torch.cat([torch.randn(4, 3), torch.randn(4, 3), torch.randn(3, 3)])
    torch.testing.assert_close(found.z, q.loc + q.log_scale.exp() * noise)
    assert not found.z.requires_grad


def test_a_posterior_without_a_known_mixture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = hierarchy([3])
    monkeypatch.setattr(model, "q_top", lambda x: Normal(torch.zeros(5, 3), 1.0))
    with pytest.raises(ConfigError, match="not for Normal"):
        posteriors(model, [images(5)])
