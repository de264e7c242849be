"""Every likelihood over the 256 byte values, found in conf/: one probability for each value, and its own mean."""

import math

import pytest
import torch
import yaml
from hydra.utils import instantiate

from vaelab.config.paths import CONF
from vaelab.config.signature import class_constant
from vaelab.likelihood import Likelihood

FILES = {f.stem: yaml.safe_load(f.read_text()) for f in sorted((CONF / "likelihood").glob("*.yaml"))}
CHOICES = {name: node for name, node in FILES.items() if class_constant(node["_target_"], "takes") == ("byte",)}
CHOICES |= {f"{n}, per pixel": {**node, "per_pixel": True} for n, node in CHOICES.items() if "per_pixel" in node}
SMALL = {"channels": 4, "layers": 1}
BYTES = torch.arange(256.0).reshape(256, 1, 1, 1)


def make(name: str, x_shape: tuple[int, int, int], seed: int = 0) -> Likelihood:
    torch.manual_seed(seed)
    node = CHOICES[name]
    return instantiate({**node, **{k: v for k, v in SMALL.items() if k in node}})(x_shape)


@pytest.fixture(params=sorted(CHOICES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_those_of_this_house_are_found() -> None:
    assert {"categorical", "discretised_gaussian", "discretised_logistic", "pixelcnn_bytes"} < set(CHOICES)


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
def test_it_sums_to_one_over_the_256_values(name: str, spread: float) -> None:
    likelihood = make(name, (1, 1, 1)).double()
    p = likelihood(spread * torch.randn(5, 1, *likelihood.params_shape, dtype=torch.float64))
    torch.testing.assert_close(p.log_prob(BYTES).exp().sum(1), torch.ones(5, dtype=torch.float64), atol=1e-7, rtol=0)


@pytest.mark.parametrize("x_shape", [(1, 4, 5), (3, 4, 5)], ids=str)
def test_draws_stand_in_front_and_images_do_not_mix(name: str, x_shape: tuple[int, int, int]) -> None:
    likelihood = make(name, x_shape).double()
    params = torch.randn(7, 3, *likelihood.params_shape, dtype=torch.float64)
    x = torch.randint(0, 256, (3, *x_shape)).double()
    log_px = likelihood(params).log_prob(x)
    assert log_px.shape == (7, 3)
    torch.testing.assert_close(log_px[4, 2], likelihood(params[4, 2]).log_prob(x[2]))
    # and with the images in front, one tensor of parameters for all
    assert likelihood(params[0, :1]).log_prob(x).shape == (3,)


def test_one_pixel_alone_is_that_pixel_of_the_image(name: str) -> None:
    """Log-probabilities add up over pixels, where pixels do not see each other."""
    if "pixelcnn" in name:
        pytest.skip("its pixels see each other")
    likelihood, pixel = make(name, (3, 2, 2)).double(), make(name, (3, 1, 1)).double()
    params = torch.randn(4, *likelihood.params_shape, dtype=torch.float64)
    x = torch.randint(0, 256, (4, 3, 2, 2)).double()
    cut = [(slice(i, i + 1), slice(j, j + 1)) for i in range(2) for j in range(2)]
    parts = [pixel(params[..., i, j]).log_prob(x[..., i, j]) for i, j in cut]
    torch.testing.assert_close(likelihood(params).log_prob(x), torch.stack(parts).sum(0))


def test_single_precision_is_as_good_as_double(name: str) -> None:
    likelihood = make(name, (3, 4, 4))
    params, x = 2 * torch.randn(8, *likelihood.params_shape), torch.randint(0, 256, (8, 3, 4, 4)).float()
    single = likelihood(params).log_prob(x)
    double = likelihood.double()(params.double()).log_prob(x.double())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, rtol=2e-5, atol=1e-3)


@pytest.mark.parametrize("size", [1e2, 1e4])
@pytest.mark.parametrize("value", [0.0, 1.0, 100.0, 254.0, 255.0])
def test_wild_parameters_have_finite_values_and_gradients(name: str, size: float, value: float) -> None:
    likelihood = make(name, (1, 3, 3))
    shape = likelihood.params_shape
    signs = torch.randn(16, *shape).sign()
    params = (size * signs * torch.rand(16, *shape).gt(0.3)).requires_grad_()
    log_px = likelihood(params).log_prob(torch.full((1, 3, 3), value))
    log_px.sum().backward()
    assert log_px.isfinite().all() and params.grad is not None and params.grad.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in likelihood.parameters())


def test_it_starts_near_a_uniform_code_of_eight_bits(name: str) -> None:
    likelihood = make(name, (1, 1, 1))
    p = likelihood(torch.zeros(likelihood.params_shape))
    bits = -p.log_prob(BYTES) / math.log(2)
    assert 8 - 1e-4 <= bits.mean() < 10
    assert bits.max() < 14


def test_the_mean_is_that_of_the_256_values(name: str) -> None:
    likelihood = make(name, (1, 1, 1)).double()
    p = likelihood(3 * torch.randn(9, 1, *likelihood.params_shape, dtype=torch.float64))
    if "pixelcnn" in name:
        with pytest.raises(NotImplementedError, match="sample"):
            _ = p.mean
        return
    table = p.log_prob(BYTES).exp()
    torch.testing.assert_close(p.mean.flatten(), (table * BYTES.flatten()).sum(1), atol=1e-5, rtol=0)
    assert p.mean.min() >= 0 and p.mean.max() <= 255


def test_samples_come_as_often_as_they_are_probable(name: str) -> None:
    """In 16 classes of neighbouring values, over 20 000 draws."""
    likelihood = make(name, (1, 1, 1))
    p = likelihood(torch.randn(likelihood.params_shape))
    drawn = p.sample((20_000,))
    assert drawn.shape == (20_000, 1, 1, 1)
    assert torch.equal(drawn, drawn.round()) and drawn.min() >= 0 and drawn.max() <= 255
    expected = p.log_prob(BYTES).exp().reshape(16, 16).sum(1)
    counts = torch.bincount(drawn.flatten().long() // 16, minlength=16)
    error = (20_000 * expected * (1 - expected)).sqrt()
    assert ((counts - 20_000 * expected).abs() < 5 * error + 1).all()


def test_bytes_reach_the_encoder_between_minus_one_and_one(name: str) -> None:
    seen = make(name, (1, 1, 1)).as_input(BYTES)
    assert (seen.min().item(), seen.max().item()) == (-1, 1)
