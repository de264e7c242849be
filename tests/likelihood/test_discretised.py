"""The mass of a bin, against 60 digits."""

import mpmath
import pytest
import torch

from vaelab.likelihood import DiscretisedGaussian, DiscretisedLogistic
from vaelab.likelihood.discretised import Bins, Standard
from vaelab.likelihood.discretised_gaussian import StandardGaussian
from vaelab.likelihood.discretised_logistic import StandardLogistic

FAMILIES = {"logistic": StandardLogistic(), "gaussian": StandardGaussian()}


def truth(family: str, x: int, loc: float, log_scale: float) -> float:
    """log(F(upper) - F(lower)) with F as the books write it."""
    with mpmath.workdps(60):
        scale, y, h = mpmath.exp(log_scale), mpmath.mpf(2) * x / 255 - 1, mpmath.mpf(1) / 255

        def above(t: mpmath.mpf) -> mpmath.mpf:
            return 1 / (1 + mpmath.exp(t)) if family == "logistic" else mpmath.erfc(t / mpmath.sqrt(2)) / 2

        lower = mpmath.mpf("-inf") if x == 0 else (y - h - loc) / scale
        upper = mpmath.mpf("inf") if x == 255 else (y + h - loc) / scale
        if lower + upper < 0:  # mirrored, so that what is subtracted is small
            lower, upper = -upper, -lower
        below = mpmath.mpf(1) if lower == mpmath.mpf("-inf") else above(lower)
        return float(mpmath.log(below - (0 if upper == mpmath.mpf("inf") else above(upper))))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("log_scale", [-6.9, -5.0, -3.0, -1.0, 0.5, 4.0, 9.0])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_bin_has_the_mass_of_the_textbook(family: str, log_scale: float, dtype: torch.dtype) -> None:
    xs, locs = [0, 1, 5, 127, 128, 200, 254, 255], [-3.0, -1.0, -0.25, 0.0, 0.001953125, 0.5, 1.0, 40.0]
    x, loc = torch.tensor(xs, dtype=dtype), torch.tensor(locs, dtype=dtype)[:, None]
    # the truth of the number that is handed over, not of its decimals
    scale = torch.tensor(log_scale, dtype=dtype)
    found = Bins(loc, scale, FAMILIES[family]).log_prob(x).double()
    expected = torch.tensor([[truth(family, a, b, scale.item()) for a in xs] for b in locs], dtype=torch.float64)
    single = dtype == torch.float32
    # in 32 bits the distance to an edge has an error of 1e-7, which the slope of the log of the density multiplies
    slope = torch.exp(-scale.double()) * (1.0 if family == "logistic" else (-2 * expected).clamp(min=1).sqrt())
    atol = 2e-6 + 4e-7 * slope * (1 + loc.double().abs()) if single else 2e-8 + 1e-12 * slope
    assert ((found - expected).abs() <= atol + (1e-6 if single else 1e-12) * expected.abs()).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_is_that_of_a_difference_quotient(family: str) -> None:
    """Across the change from narrow to wide bins, in both parameters."""
    x = torch.tensor([0.0, 3.0, 127.0, 128.0, 250.0, 255.0], dtype=torch.float64)
    loc = torch.linspace(-1.5, 1.5, 7, dtype=torch.float64).reshape(-1, 1, 1).requires_grad_()
    log_scale = torch.linspace(-6, 3, 13, dtype=torch.float64).reshape(-1, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda m, s: Bins(m, s, FAMILIES[family]).log_prob(x), (loc, log_scale))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_a_few_levels_share_all_the_mass(family: Standard) -> None:
    bins = Bins(torch.tensor(0.3), torch.tensor(-1.0), family, levels=5)
    assert bins.log_prob(torch.arange(5.0)).exp().sum().item() == pytest.approx(1, abs=1e-6)
    with pytest.raises(AssertionError):
        assert bins.log_prob(torch.arange(4.0)).exp().sum().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("make", [DiscretisedLogistic, DiscretisedGaussian])
def test_one_learned_scale_is_every_pixel_at_that_scale(make) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    one, each = (make((3, 4, 4), per_pixel=flag, min_scale=0.01) for flag in (False, True))
    with torch.no_grad():
        one.raw.fill_(-1.5)
    loc, x = torch.randn(6, 3, 4, 4), torch.randint(0, 256, (6, 3, 4, 4)).float()
    params = torch.cat([loc, torch.full_like(loc, -1.5)], 1)
    torch.testing.assert_close(one(loc).log_prob(x), each(params).log_prob(x))
    assert [name for name, _ in one.named_parameters()] == ["raw"] and not list(each.parameters())


@pytest.mark.parametrize("make", [DiscretisedLogistic, DiscretisedGaussian])
def test_the_scale_keeps_its_floor(make) -> None:  # type: ignore[no-untyped-def]
    likelihood = make((1, 1, 1), per_pixel=True, min_scale=0.01)
    p = likelihood(torch.tensor([0.0, -1000.0]).reshape(2, 1, 1))
    assert p.bins.log_scale.exp().item() == pytest.approx(0.01)


@pytest.mark.parametrize("make", [DiscretisedLogistic, DiscretisedGaussian])
def test_it_finds_the_mean_and_scale_of_bytes(make) -> None:  # type: ignore[no-untyped-def]
    """Normal grey values of mean 100 and deviation 20: the entropy of those bytes is the best any code can do."""
    torch.manual_seed(0)
    x = (100 + 20 * torch.randn(4000, 1, 1, 1)).round().clamp(0, 255)
    likelihood = make((1, 1, 1), per_pixel=False, min_scale=0.001)
    params = torch.nn.Parameter(torch.zeros(1, 1, 1, 1))
    optimizer = torch.optim.Adam([params, *likelihood.parameters()], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = -likelihood(params).log_prob(x).mean()
        loss.backward()
        optimizer.step()
    entropy = torch.distributions.Normal(0.0, 20.0).entropy().item()
    assert likelihood(params).mean.item() == pytest.approx(100, abs=1)
    # a logistic has other tails: KL(normal, best logistic) is under 0.02 nats
    assert loss.item() == pytest.approx(entropy, abs=0.04)
