import numpy as np
import pytest

from vaelab.data.shapes import Shapes
from vaelab.data.split import SPLITS

SHAPES = Shapes(size=32, places=4, batch_size=16, transform="auto")


def test_images_differ_and_are_black_and_white() -> None:
    splits = SHAPES.read()
    x = np.concatenate([splits[split] for split in SPLITS])
    assert x.shape == (3 * 4 * 8 * 4 * 4, 1, 32, 32) and x.dtype == np.uint8
    assert set(np.unique(x)) == {0, 255}
    # so few pixels that some small shapes coincide, a few in a hundred
    assert len(np.unique(x.reshape(len(x), -1), axis=0)) > 0.9 * len(x)


def test_the_factors_are_what_is_drawn() -> None:
    from vaelab.data.shapes import draw

    factors = SHAPES.factors()
    x = draw(factors, 32, 4)[:, 0] / 255
    area = x.sum((1, 2))
    for shape in range(3):
        mean = [area[(factors[:, 0] == shape) & (factors[:, 1] == scale)].mean() for scale in range(4)]
        assert mean == sorted(mean) and mean[3] / mean[0] == pytest.approx((0.45 / 0.25) ** 2, rel=0.1)
    # of a square: its middle is its mean, on the grid of places
    middle = (np.arange(32) + 0.5) * 2 / 32 - 1
    of_x = (x.sum(1) * middle).sum(1) / area
    squares = factors[:, 0] == 0
    place = np.linspace(-0.5, 0.5, 4)[factors[squares, 3]]
    np.testing.assert_allclose(of_x[squares], place, atol=0.04)  # a pixel is 0.06
    # the largest are as large elsewhere: none is cut off
    largest = area.reshape(-1, 16)[factors[::16, 1] == 3]
    assert area.min() > 20 and (np.ptp(largest, 1) < 0.15 * largest.mean(1)).all()


def test_its_labels_are_its_shapes() -> None:
    assert [len(SHAPES.labels(split)) for split in SPLITS] == [len(SHAPES.read()[split]) for split in SPLITS]
    assert set(SHAPES.labels("test")) == {0, 1, 2}


def test_binarised_it_stays_what_it_is() -> None:
    import torch

    SHAPES.give(("binary",), "bernoulli", seed=0)
    batch = next(iter(SHAPES.eval_batches("test")))
    assert torch.equal(SHAPES.in_units(batch).x, torch.from_numpy(SHAPES.read()["test"][:16] / 255).float())
