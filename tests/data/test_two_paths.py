import numpy as np
import pytest

from vaelab.data.split import SPLITS
from vaelab.data.two_paths import TwoPaths, spot

DATA = TwoPaths(size=8, noise=0.3, count=20_000, batch_size=16, transform="auto")


def log_density(x: np.ndarray, noise: float, points: int = 64) -> np.ndarray:
    """log p(x) of the generator itself, nats, [N]: the mean over a grid of places, which for a periodic function is
    exact."""
    places = np.stack(np.meshgrid(*2 * [np.arange(points) / points]), -1).reshape(-1, 2)
    means, flat = spot(places, x.shape[-1]).reshape(len(places), -1), x.reshape(len(x), -1).astype(float)
    squares = (flat**2).sum(1)[:, None] - 2 * flat @ means.T + (means**2).sum(1)
    each = -0.5 * squares / noise**2 - flat.shape[1] * np.log(noise * (2 * np.pi) ** 0.5)
    top = each.max(1)
    return top + np.log(np.exp(each - top[:, None]).mean(1))


def test_what_leaves_at_one_edge_comes_back_at_the_other() -> None:
    rng = np.random.default_rng(0)
    place = rng.random((5, 2))
    x = spot(place, 8)
    assert x.shape == (5, 1, 8, 8) and x.min() > 0 and x.max() <= 1
    for turns in ([1, 0], [0, 1], [-2, 3]):
        np.testing.assert_allclose(spot(place + turns, 8), x)
    # a step of one pixel is a roll of the picture
    np.testing.assert_allclose(spot(place + np.array([1 / 8, 0]), 8), np.roll(x, 1, axis=2))
    np.testing.assert_allclose(spot(place + np.array([0, 3 / 8]), 8), np.roll(x, 3, axis=3))


def test_two_places_that_differ_give_two_pictures() -> None:
    """The torus is not folded: what is far apart on it is far apart in pictures."""
    place = np.stack(np.meshgrid(*2 * [np.arange(16) / 16]), -1).reshape(-1, 2)
    x = spot(place, 8).reshape(256, -1)
    way = np.abs(place[:, None] - place)
    way = np.linalg.norm(np.minimum(way, 1 - way), axis=-1)
    apart = np.linalg.norm(x[:, None] - x, axis=-1)
    assert apart[way > 0.1].min() > 0.2 * apart.max()


def test_its_noise_is_gaussian_of_the_scale_that_is_said() -> None:
    """The variance of a pixel is that of the pictures, and the noise's."""
    splits = DATA.read()
    assert {split: x.shape for split, x in splits.items()} == {
        "train": (16_000, 1, 8, 8),
        "val": (2000, 1, 8, 8),
        "test": (2000, 1, 8, 8),
    }
    x = np.concatenate([splits[split] for split in SPLITS])
    places = np.random.default_rng(1).random((20_000, 2))
    signal = spot(places, 8).var(0)
    np.testing.assert_allclose(x.var(0) - signal, 0.09, atol=0.006)


def test_the_density_of_the_check_is_right_where_the_noise_hides_all() -> None:
    """There p(x) is the noise's own Gaussian, whose entropy is D/2 log 2πeσ²."""
    blind = 15 * np.random.default_rng(0).standard_normal((2000, 1, 8, 8))
    assert log_density(blind, 15, 16).mean() == pytest.approx(-32 * np.log(2 * np.pi * np.e * 15**2), abs=0.6)


def test_the_truth_that_the_experiments_state() -> None:
    """conf/experiment/two_paths_*.yaml: no model can beat it on average."""
    found = log_density(DATA.read()["test"], 0.3, 32)
    assert found.mean() == pytest.approx(-17.88, abs=0.005)


def test_a_gaussian_takes_them_as_they_are() -> None:
    DATA.give(("real", "unit"), "gaussian", seed=0)
    assert (DATA.transform, DATA.units) == ("none", "real")
