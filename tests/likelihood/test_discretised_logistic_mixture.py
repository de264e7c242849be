"""The mixture of logistics, against loops over the formula of the paper."""

import itertools
import math

import pytest
import torch

from vaelab.errors import ConfigError
from vaelab.likelihood import DiscretisedLogistic, DiscretisedLogisticMixture
from vaelab.likelihood.discretised_logistic_mixture import MixtureImages


def sigma(u: float) -> float:
    return 1 / (1 + math.exp(-u)) if u > 0 else math.exp(u) / (1 + math.exp(u))


def textbook(x: list[float], planes: list[float], mixtures: int) -> float:
    """log p of one pixel (Salimans et al. 2017, eqs. 2 and 3), bytes in x, a loop over everything."""
    C, K = len(x), mixtures
    logits, rest = planes[:K], planes[K:]
    each = len(rest) // K
    y = [v / 127.5 - 1 for v in x]
    total = 0.0
    for k in range(K):
        numbers = rest[k * each : (k + 1) * each]
        mu, s = list(numbers[:C]), [math.exp(max(v, -7.0)) for v in numbers[C : 2 * C]]
        if C == 3:
            alpha, beta, gamma = (math.tanh(v) for v in numbers[6:])
            mu[1] += alpha * y[0]
            mu[2] += beta * y[0] + gamma * y[1]
        p = math.exp(logits[k]) / sum(math.exp(v) for v in logits)
        for c in range(C):
            above = 1.0 if x[c] == 255 else sigma((y[c] + 1 / 255 - mu[c]) / s[c])
            below = 0.0 if x[c] == 0 else sigma((y[c] - 1 / 255 - mu[c]) / s[c])
            p *= above - below
        total += p
    return math.log(total)


@pytest.mark.parametrize("mixtures", [1, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_formula_of_the_paper(channels: int, mixtures: int) -> None:
    torch.manual_seed(channels)
    likelihood = DiscretisedLogisticMixture((channels, 2, 3), mixtures=mixtures, min_log_scale=-7.0)
    assert likelihood.params_shape == (mixtures * {1: 3, 3: 10}[channels], 2, 3)
    params = torch.randn(6, *likelihood.params_shape, dtype=torch.float64)
    x = torch.randint(0, 256, (6, channels, 2, 3)).double()
    x[0], x[1, 0] = 0, 255
    expected = [
        sum(textbook(x[n, :, i, j].tolist(), params[n, :, i, j].tolist(), mixtures) for i in range(2) for j in range(3))
        for n in range(6)
    ]
    torch.testing.assert_close(likelihood(params).log_prob(x), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_the_colours_of_a_pixel_sum_to_one(spread: float) -> None:
    """All 8³ of a reduced scale."""
    torch.manual_seed(0)
    p = MixtureImages(spread * torch.randn(5, 1, 40, 1, 1, dtype=torch.float64), 3, 4, -7.0, levels=8)
    colours = torch.tensor(list(itertools.product(range(8), repeat=3)), dtype=torch.float64).reshape(-1, 3, 1, 1)
    torch.testing.assert_close(p.log_prob(colours).exp().sum(1), torch.ones(5, dtype=torch.float64))


def test_colours_come_as_often_as_they_are_probable() -> None:
    """Each colour is drawn given the rounded ones before it: 4³ colours, 20 000 draws."""
    torch.manual_seed(0)
    p = MixtureImages(2 * torch.randn(20, 1, 1) - 0.5, 3, 2, -7.0, levels=4)
    colours = torch.tensor(list(itertools.product(range(4), repeat=3))).float().reshape(-1, 3, 1, 1)
    expected = 20_000 * p.log_prob(colours).exp()
    drawn = p.sample((20_000,)).reshape(-1, 3).long()
    counts = torch.bincount(drawn @ torch.tensor([16, 4, 1]), minlength=64)
    assert ((counts - expected).abs() < 5 * expected.sqrt() + 2).all()


def test_with_one_component_and_no_coupling_it_is_the_discretised_logistic() -> None:
    torch.manual_seed(0)
    loc, raw = torch.randn(2, 5, 3, 4, 4)
    nothing = torch.zeros(5, 3, 4, 4)
    mixture = DiscretisedLogisticMixture((3, 4, 4), mixtures=1, min_log_scale=-30.0)
    single = DiscretisedLogistic((3, 4, 4), per_pixel=True, min_scale=1e-12)
    x = torch.randint(0, 256, (5, 3, 4, 4)).float()
    p = mixture(torch.cat([torch.zeros(5, 1, 4, 4), loc, raw, nothing], 1))
    q = single(torch.cat([loc, raw], 1))
    torch.testing.assert_close(p.log_prob(x), q.log_prob(x))
    torch.testing.assert_close(p.mean, q.mean)


def colour_params(spread: float, log_scale: float) -> torch.Tensor:
    torch.manual_seed(0)
    params = spread * torch.randn(20, 1, 1, dtype=torch.float64)
    blocks = params[2:].unflatten(0, (2, 9))
    blocks[:, 3:6] = log_scale
    return params


def test_the_mean_of_colours_off_the_edges_is_that_of_samples() -> None:
    p = MixtureImages(colour_params(0.15, -4.0), 3, 2, -7.0)
    drawn = p.sample((20_000,))
    assert (drawn > 0).all() and (drawn < 255).all()
    error = drawn.std(0) / 20_000**0.5
    assert ((p.mean - drawn.mean(0)).abs() < 4 * error + 1e-3).all()


def test_the_mean_of_colours_at_the_edges_stays_near_that_of_samples() -> None:
    p = MixtureImages(colour_params(1.5, -0.5), 3, 2, -7.0)
    drawn = p.sample((20_000,))
    assert ((drawn == 0) | (drawn == 255)).any()
    assert ((p.mean - drawn.mean(0)).abs() < 16).all() and (p.mean >= 0).all() and (p.mean <= 255).all()


def test_log_scales_below_the_floor_are_the_floor() -> None:
    params = torch.zeros(2, 3, 1, 1)
    params[:, 2, 0, 0] = torch.tensor([-3.0, -50.0])
    likelihood = DiscretisedLogisticMixture((1, 1, 1), mixtures=1, min_log_scale=-3.0)
    low, lower = likelihood(params).log_prob(torch.full((2, 1, 1, 1), 127.0))
    assert low == lower


def test_other_numbers_of_channels_are_refused_with_another_likelihood() -> None:
    with pytest.raises(ConfigError, match=r"1 or 3 channels, these have 2: use likelihood=discretised_logistic"):
        DiscretisedLogisticMixture((2, 4, 4), mixtures=3, min_log_scale=-7.0)
