"""The ideal decoder mean against sums by hand, and against models where it is known."""

import math

import pytest
import torch
from torch import Tensor

from tests.factory import DECODERS, ENCODERS, hierarchy, images
from tests.oracles import ENCODERS as LINEAR
from tests.oracles import VARIANCE, LinearChain
from vaelab.diagnostics import blur
from vaelab.diagnostics.blur import blend, ideal
from vaelab.model import Hierarchy
from vaelab.proposal import Drawn

D = torch.float64


def by_hand(log_q: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, variance and perplexity of each z by plain sums over Python's own numbers, [S, C, H, W] twice and [S]."""
    means, variances, perplexities = [], [], []
    for scores in log_q.tolist():
        weights = [math.exp(score - max(scores)) for score in scores]
        weights = [w / sum(weights) for w in weights]
        mean = sum(w * image for w, image in zip(weights, x, strict=True))
        means.append(mean)
        variances.append(sum(w * (image - mean) ** 2 for w, image in zip(weights, x, strict=True)))
        perplexities.append(math.exp(-sum(w * math.log(w) for w in weights if w > 0)))
    return torch.stack(means), torch.stack(variances), torch.tensor(perplexities, dtype=D)


def example(scale: float) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    return -900 + scale * torch.randn(6, 11, generator=g, dtype=D), torch.randn(11, 2, 3, 2, generator=g, dtype=D)


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 3000.0])
@pytest.mark.parametrize("block", [1, 4, 11])
def test_a_blend_is_the_sum_by_hand_in_blocks_of_any_size(scale: float, block: int) -> None:
    log_q, x = example(scale)
    found = blend(zip(log_q.split(block, 1), x.split(block), strict=True))
    for told, truth in zip(found, by_hand(log_q, x), strict=True):
        torch.testing.assert_close(told, truth, atol=1e-12, rtol=1e-9)


def test_the_error_of_any_decoder_is_the_blur_and_its_distance_to_the_ideal() -> None:
    """Σ_n w_n ‖x_n - f‖² = Σ Var(x | z) + ‖f - μ*‖²: no f does better than μ*."""
    log_q, x = example(1.0)
    found = blend([(log_q, x)])
    f = torch.randn(6, 2, 3, 2, dtype=D, generator=torch.Generator().manual_seed(1))
    errors = (log_q.softmax(1) * (x - f[:, None]).square().sum((2, 3, 4))).sum(1)
    distance = (f - found.mean).square().sum((1, 2, 3))
    torch.testing.assert_close(errors, found.variance.sum((1, 2, 3)) + distance)


def log_q_of_one(model: Hierarchy, z: list[Tensor], x: Tensor) -> float:
    """log q(z_1..L | x) of one z and one image, by a pass of the loop."""
    found: list[Tensor] = []

    def given(l: int, h: object, p: object) -> Drawn:
        q = source(l, h, p).q  # type: ignore[arg-type]
        assert q is not None
        found.append(q.log_prob(z[l][None]))
        return Drawn(z[l][None], None, aligned=False)

    encoded = model.encode(x[None])
    source = model.encoder.propose(encoded)
    model.generate(given)
    return torch.cat(found).sum().item()


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 100])
def test_the_weights_are_those_of_all_layers_given_each_image(
    depth: int, encoder: str, decoder: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blur, "TOGETHER", block)
    model, x = hierarchy([4, 3, 2][:depth], encoder, decoder), images(5)
    torch.manual_seed(0)
    z = [latent.z.detach() for latent in model(images(3, seed=4)).latents]
    found = ideal(model, x, z, max_rows=4)
    if encoder == "bottom_up":  # the layers above z_1 weigh every image alike
        log_q = torch.stack([model.encode(x).log_prob(z[0][s]) for s in range(3)])
    else:
        log_q = torch.tensor([[log_q_of_one(model, [layer[s] for layer in z], image) for image in x] for s in range(3)])
    for told, truth in zip(found, by_hand(log_q.detach(), x.double()), strict=True):
        torch.testing.assert_close(told, truth, atol=1e-4, rtol=1e-4)
    assert not found.mean.requires_grad


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_a_q_that_ignores_x_blends_all_and_one_that_tells_all_blends_one(encoder: str) -> None:
    model, x = hierarchy([4, 2], encoder), torch.rand(50, 1, 4, 4)
    z = [latent.z.detach() for latent in model(x).latents]
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
    found = ideal(model, x, z, 1000)
    torch.testing.assert_close(found.perplexity, torch.full((50,), 50.0, dtype=D))
    torch.testing.assert_close(found.mean, x.double().mean(0).expand_as(found.mean))
    torch.testing.assert_close(found.variance, x.double().var(0, correction=0).expand_as(found.mean))

    apart = torch.arange(5.0).reshape(5, 1, 1, 1).expand(5, 1, 4, 4)
    log_q = -100 * (apart[:, 0, 0, 0] - apart[:, None, 0, 0, 0]).abs().double()
    found = blend([(log_q, apart)])
    torch.testing.assert_close(found.perplexity, torch.ones(5, dtype=D))
    torch.testing.assert_close(found.mean, apart.double())
    assert found.variance.max() < 1e-12


@pytest.mark.parametrize("encoder", LINEAR)
@pytest.mark.parametrize("depth", [1, 2])
def test_with_the_exact_posterior_and_many_images_it_is_the_true_decoder(depth: int, encoder: str) -> None:
    """q(x | z) is then p(x | z): mean W z_1 + c, the decoder's own, and the variance of its noise."""
    chain = LinearChain(depth)
    model, x = chain.hierarchy(encoder), chain.sample(20_000)
    torch.manual_seed(0)
    terms = model(chain.sample(30, seed=2))
    found = ideal(model, x, [latent.z for latent in terms.latents], max_rows=50_000)
    truth = terms.latents[0].z @ chain.W.T + chain.c
    torch.testing.assert_close(terms.px.mean.flatten(1), truth)
    # a mean over about as many images as are blended
    error = (VARIANCE / found.perplexity).sqrt()[:, None]
    inner = found.perplexity > 100
    assert inner.sum() >= 20
    assert (((found.mean.flatten(1) - truth) / error)[inner].abs() < 6).all()
    spread = found.variance.flatten(1)[inner].mean()
    assert spread.item() == pytest.approx(VARIANCE, rel=0.03)
