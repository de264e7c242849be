"""The colours of a heat map stand where their numbers do, and nothing is cut off."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from vaelab.pictures.heat_map import Panel, write_heat_map


def ink(path: Path) -> np.ndarray:
    return matplotlib.image.imread(path)[..., :3]


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (16, 30), (500, 700)])
def test_any_size_fits_and_nothing_is_cut_off(rows: int, columns: int, tmp_path: Path) -> None:
    values = np.random.default_rng(0).exponential(size=(rows, columns)).tolist()
    panels = [Panel("KL(q ‖ p)", "nats", values, 1e-3), Panel("activity", "Var", values, 1e-4, line=0.01)]
    path = write_heat_map(tmp_path / "images" / "a.png", "z1: each unit", range(columns), panels, pooled=2)
    picture = ink(path)
    assert picture.shape[0] < 1100 and picture.shape[1] < 1700
    for edge in (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]):
        assert edge.min() > 0.9


def test_rows_are_units_from_the_top_and_columns_epochs_from_the_left(tmp_path: Path) -> None:
    """The one cell that is full is the only bright yellow outside the scale, which is to the right."""
    values = np.zeros((10, 20))
    values[1, 15] = 5.0
    path = write_heat_map(tmp_path / "a.png", "t", range(20), [Panel("p", "nats", values.tolist(), 1e-3)])
    picture = ink(path)
    dark = (picture[..., 2] > 0.3) & (picture[..., 0] < 0.3) & (picture[..., 1] < 0.05)  # viridis' lowest
    ys, xs = np.nonzero(dark)
    # the panel: columns that are dark over most of their height
    inside = np.flatnonzero(dark.sum(0) > 0.5 * (ys.max() - ys.min()))
    left, right, top, bottom = inside.min(), inside.max(), ys.min(), ys.max()
    yellow = (picture[..., 0] > 0.9) & (picture[..., 1] > 0.8) & (picture[..., 2] < 0.3)
    y, x = (axis.mean() for axis in np.nonzero(yellow[:, left : right + 1]))
    assert (y - top) / (bottom - top + 1) == pytest.approx(1.5 / 10, abs=0.02)
    assert x / (right - left + 1) == pytest.approx(15.5 / 20, abs=0.02)
    assert xs.max() > right, "the scale has the dark end too"
