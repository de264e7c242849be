"""The autoregressive likelihood: its images sum to one, its draws are as frequent as they are probable."""

import itertools
from functools import partial

import pytest
import torch

from tests.factory import hierarchy, images
from vaelab.likelihood import Bernoulli, DiscretisedLogisticMixture, PixelCNN, PixelCNNBytes
from vaelab.likelihood.autoregressive import Autoregressive

SMALL = {"features": 2, "channels": 6, "layers": 2, "kernel": 3}
BINARY = partial(PixelCNN, **SMALL)  # type: ignore[arg-type]
BYTES = partial(PixelCNNBytes, mixtures=3, min_log_scale=-7.0, **SMALL)  # type: ignore[arg-type]


def all_images(*x_shape: int) -> torch.Tensor:
    n = torch.Size(x_shape).numel()
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=n))).reshape(-1, *x_shape)


def loud(likelihood: Autoregressive) -> Autoregressive:
    """Weights large enough, and no biases that drown them, for pixels to matter to each other."""
    with torch.no_grad():
        for parameter in likelihood.parameters():
            parameter.mul_(3 if parameter.dim() > 1 else 0)
    return likelihood


@pytest.mark.parametrize("x_shape", [(1, 2, 2), (2, 1, 2), (1, 3, 3), (1, 1, 1)], ids=str)
def test_the_probabilities_of_all_images_sum_to_one(x_shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    likelihood = loud(BINARY(x_shape)).double()
    p = likelihood(torch.randn(3, 1, *likelihood.params_shape, dtype=torch.float64))
    total = p.log_prob(all_images(*x_shape)).exp().sum(1)
    torch.testing.assert_close(total, torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("x_shape", [(1, 2, 2), (2, 1, 2), (1, 3, 2)], ids=str)
def test_images_are_drawn_as_often_as_they_are_probable(x_shape: tuple[int, int, int]) -> None:
    torch.manual_seed(3)
    p = loud(BINARY(x_shape))(torch.randn(2, *x_shape[1:]))
    every, n = all_images(*x_shape), 20_000
    expected = n * p.log_prob(every).exp()
    drawn = p.sample((n,)).flatten(1)
    place = 2 ** torch.arange(drawn.shape[1] - 1, -1, -1)
    counts = torch.bincount((drawn.long() * place).sum(1), minlength=len(every))
    assert ((counts - expected).abs() < 5 * expected.sqrt() + 2).all()
    # pixels do hang together: a product of their own frequencies would not pass
    alone = drawn.mean(0)
    product = n * torch.where(every.flatten(1) > 0, alone, 1 - alone).prod(1)
    assert not ((counts - product).abs() < 5 * product.sqrt() + 2).all()


def test_the_loop_over_pixels_draws_what_one_pass_would() -> None:
    """One pass over the finished image gives the probabilities each pixel was drawn with: within `reach` or not."""
    torch.manual_seed(0)
    likelihood = loud(BINARY((1, 9, 8)))
    seen = []
    inner = likelihood.inner.forward
    likelihood.inner.forward = lambda params: seen.append(params) or inner(params)  # type: ignore[func-returns-value]
    context = torch.randn(3, 2, 9, 8)
    x = likelihood(context).sample()
    looped = torch.cat([params[..., 0, -1] for params in seen], 1).reshape(3, 1, 9, 8)
    torch.testing.assert_close(looped, likelihood.net(x, context), atol=1e-5, rtol=1e-4)


def test_without_weights_on_the_past_it_is_the_bernoulli() -> None:
    torch.manual_seed(0)
    likelihood = BINARY((1, 4, 4))
    with torch.no_grad():
        for parameter in likelihood.parameters():
            parameter.zero_()
        likelihood.net.head[-1].bias.fill_(0.7)
    x = images(5)
    expected = Bernoulli((1, 4, 4))(torch.full((5, 1, 4, 4), 0.7)).log_prob(x)
    torch.testing.assert_close(likelihood(torch.randn(5, 2, 4, 4)).log_prob(x), expected)


def test_a_later_byte_changes_no_earlier_probability() -> None:
    """log p(x) with the last pixel summed out is that of the inner mixture at the pixels before it."""
    torch.manual_seed(0)
    likelihood = loud(BYTES((1, 1, 2))).double()
    context = torch.randn(1, 2, 1, 2, dtype=torch.float64)
    first = torch.full((256, 1, 1, 1), 93.0, dtype=torch.float64)
    x = torch.cat([first, torch.arange(256.0, dtype=torch.float64).reshape(-1, 1, 1, 1)], -1)
    marginal = likelihood(context).log_prob(x).logsumexp(0)
    params = likelihood.net(torch.zeros(1, 1, 1, 2, dtype=torch.float64), context)[..., :1]
    alone = DiscretisedLogisticMixture((1, 1, 1), mixtures=3, min_log_scale=-7.0)(params)
    torch.testing.assert_close(marginal, alone.log_prob(first[0])[0])


@pytest.mark.parametrize("make", [BINARY, BYTES], ids=["binary", "bytes"])
def test_what_the_decoder_gives_changes_the_density(make) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    likelihood = make((3, 4, 4))
    x = torch.randint(0, 2, (1, 3, 4, 4)).float()
    a, b = likelihood(torch.randn(2, 2, 4, 4)).log_prob(x)
    assert (a - b).abs() > 1e-3


@pytest.mark.parametrize("make", [BINARY, BYTES], ids=["binary", "bytes"])
def test_every_parameter_learns_and_draws_stand_in_front(make) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    likelihood = make((3, 4, 4))
    context = torch.randn(7, 5, 2, 4, 4, requires_grad=True)
    x = torch.randint(0, 2, (5, 3, 4, 4)).float()
    p = likelihood(context)
    log_px = p.log_prob(x)
    assert log_px.shape == p.batch_shape == (7, 5) and p.event_shape == (3, 4, 4)
    torch.testing.assert_close(log_px[6, 3], likelihood(context[6, 3]).log_prob(x[3]))
    log_px.sum().backward()
    for name, parameter in [*likelihood.named_parameters(), ("context", context)]:
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    drawn = likelihood(context[:2, :2, :, :, :]).sample((3,))
    assert drawn.shape == (3, 2, 2, 3, 4, 4) and not drawn.requires_grad
    with pytest.raises(NotImplementedError, match="sample"):
        _ = p.mean


def test_half_precision_ends_at_the_networks() -> None:
    """Its own network runs inside the density, after the hierarchy has made the decoder's tensor whole."""
    torch.manual_seed(0)
    likelihood = BYTES((3, 4, 4))
    p, x = likelihood(torch.randn(5, 2, 4, 4)), torch.randint(0, 256, (5, 3, 4, 4)).float()
    full = p.log_prob(x)
    with torch.autocast("cpu", torch.bfloat16):
        half = p.log_prob(x)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, rtol=0.02, atol=0)


def test_a_hierarchy_has_a_bound_with_it_that_rises_with_the_draws() -> None:
    model = hierarchy([3, 2], make_likelihood=BINARY)
    terms = model(images(20), samples=16)
    assert terms.elbo.shape == (20,)
    assert terms.elbo.mean() < terms.iw_bound.mean()
