"""What a model shows stands beside real images of the same kind, and all of it in [0, 1]."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Distribution

from tests.data.given import Given, greys
from tests.factory import hierarchy
from vaelab.data.split import SPLITS
from vaelab.diagnostics.quality import look
from vaelab.diagnostics.shown import Show, Shown, possible
from vaelab.features import Features
from vaelab.likelihood import Bernoulli, Gaussian
from vaelab.metrics.quality import fid

GAUSSIAN = partial(Gaussian, variance=0.1)
CASES: list[tuple[str, Any, Show, str]] = [
    ("dynamic_binarisation", Bernoulli, "mean", "grey"),
    ("static_binarisation", Bernoulli, "mean", "grey"),
    ("dynamic_binarisation", Bernoulli, "draw", "binarised"),
    ("static_binarisation", Bernoulli, "draw", "binarised"),
    ("scaling", GAUSSIAN, "draw", "as stored"),
    ("dequantisation", GAUSSIAN, "mean", "as stored"),
    ("dequantisation", GAUSSIAN, "draw", "dequantised"),
]


def shown(transform: str, likelihood: Any, show: Show, n: int = 12) -> Shown:
    data = Given(greys(n), transform)  # type: ignore[arg-type]
    takes = likelihood.takes if likelihood is Bernoulli else Gaussian.takes
    data.give(takes, "some", 0)
    return Shown(hierarchy([3, 2], x_shape=(1, 5, 5), make_likelihood=likelihood), data, show)


@pytest.mark.parametrize(("transform", "likelihood", "show", "kind"), CASES)
def test_real_images_and_pictures_are_of_one_kind(transform: str, likelihood: Any, show: Show, kind: str) -> None:
    pictures = shown(transform, likelihood, show)
    assert pictures.real_images == kind
    x, reconstructions = (torch.cat(parts) for parts in zip(*pictures.pairs("test", 12, 0), strict=True))
    samples = torch.cat(list(pictures.samples(9, 1.0, 0)))
    assert samples.shape == (9, 1, 5, 5)
    for some in (x, reconstructions, samples):
        assert some.min() >= 0 and some.max() <= 1
    greyscale = torch.from_numpy(greys()["test"]) / 255
    black_and_white = kind == "binarised"
    for some in (x, reconstructions, samples):
        assert bool(((some == 0) | (some == 1)).all()) == black_and_white
    if kind == "dequantised":
        assert 0 < (x - greyscale).abs().max() < 1 / 200
    else:
        assert torch.equal(x, greyscale) == (not black_and_white)


def test_fewer_images_are_spread_over_the_split_and_the_seed_decides_all() -> None:
    pictures = shown("dynamic_binarisation", Bernoulli, "mean")
    x = torch.cat([x for x, _ in pictures.pairs("test", 3, 0)])
    assert torch.equal(x, torch.from_numpy(greys()["test"])[[0, 6, 11]] / 255)
    for draw in (
        lambda seed: pictures.samples(6, 1.0, seed),
        lambda seed: (r for _, r in pictures.pairs("val", 9, seed)),
    ):
        first, again, other = (torch.cat(list(draw(seed))) for seed in (0, 0, 1))
        assert torch.equal(first, again) and not torch.equal(first, other)
    cold = torch.cat(list(pictures.samples(5, 0.0, 0)))
    torch.testing.assert_close(cold, cold[:1].expand_as(cold))


class NoMean(Distribution):
    arg_constraints: dict = {}


@pytest.mark.parametrize(("asked", "px", "given"), [("mean", NoMean, "draw"), ("draw", NoMean, "draw")])
def test_a_likelihood_without_a_mean_is_drawn_from(asked: Show, px: Any, given: Show) -> None:
    without: Any = SimpleNamespace(generate=lambda proposal: SimpleNamespace(px=px(validate_args=False)))
    assert possible(without, asked) == given
    assert possible(hierarchy([2]), asked) == asked


class Pixels(Features):
    name, num_features = "pixels", 25

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class Copies:
    """A model whose samples are images of the training split, with noise of some strength."""

    def __init__(self, data: Given, noise: float) -> None:
        self.data, self.noise, self.inner = data, noise, hierarchy([2], x_shape=(1, 5, 5))

    def __call__(self, x: Tensor) -> Any:
        return self.inner(x)

    def generate(self, proposal: Any) -> Any:
        rows = torch.randint(len(self.data.split("train")), proposal.batch_shape)
        x = self.data.split("train")[rows] / 255
        return SimpleNamespace(px=SimpleNamespace(mean=x + self.noise * torch.randn(x.shape)))


def test_a_worse_model_has_a_larger_fid() -> None:
    rng = np.random.default_rng(0)
    ramp = rng.integers(0, 256, (3, 300, 1, 1, 1)) * np.ones((5, 5))
    data = Given({split: x.astype(np.uint8) for split, x in zip(SPLITS, ramp, strict=True)}, batch_size=64)
    data.give(("unit",), "gaussian", 0)
    distances = []
    for noise in (0.0, 0.2, 0.6):
        model: Any = Copies(data, noise)
        looked = look(Shown(model, data, "mean"), Pixels(), "test", 300, 300, 1.0, seed=0)
        assert len(looked.real) == len(looked.fake) == len(looked.psnr) == 300
        distances.append(fid(looked.real, looked.fake))
    assert distances == sorted(distances) and distances[2] > 3 * distances[1] > 3 * distances[0]


def test_nothing_is_lost_in_ragged_batches() -> None:
    pictures, seen = shown("scaling", GAUSSIAN, "mean", n=11), []
    looked = look(pictures, Pixels(), "test", 11, 7, 1.0, 0, seen.append)
    assert (len(looked.real), len(looked.fake), len(looked.psnr), sum(seen)) == (11, 7, 11, 18)
    assert looked.scales is not None and looked.similarity is not None and len(looked.similarity) == 11
