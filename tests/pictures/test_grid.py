from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch

from vaelab.pictures import Grid, write_grid


@pytest.mark.parametrize("shape", [(1, 5, 9), (3, 9, 5), (2, 4, 4), (1, 100, 100)])
def test_grids_take_any_channels_and_sizes(shape: tuple[int, int, int], tmp_path: Path) -> None:
    grid = Grid("title", [("row", torch.rand(3, *shape)), ("other", torch.rand(2, *shape))], ["a", "b", "c"])
    assert write_grid(tmp_path / "a.png", grid).read_bytes().startswith(b"\x89PNG")


def test_pixels_are_shown_as_they_are(tmp_path: Path) -> None:
    """The last image ends `MARGIN` pixels before the edges, and each of its pixels is a square of one grey."""
    image = torch.linspace(0, 255, 64).round().reshape(1, 1, 8, 8)
    path = write_grid(tmp_path / "a.png", Grid("t" * 90, [("", image.expand(9, -1, -1, -1))]), 0.0, 255.0)
    sheet = matplotlib.image.imread(path)[..., 0]
    low, left = sheet.shape[0] - 10 - 64, 10
    found = sheet[low : low + 64, left : left + 64]
    truth = np.kron(image[0, 0].numpy() / 255, np.ones((8, 8)))
    assert np.abs(found - truth).max() < 1 / 255


def test_labels_and_title_overlap_nothing(tmp_path: Path) -> None:
    """Black images on white: all ink of the words lies outside the sheet, inside the figure."""
    title = "a title of many words, " * 12
    rows = [("a label of some length", torch.ones(2, 1, 8, 8)), ("short", torch.ones(2, 1, 8, 8))]
    path = write_grid(tmp_path / "a.png", Grid(title, rows, ["left", "right"]), note="a note")
    ink = matplotlib.image.imread(path)[..., :3].min(axis=2) < 0.6
    edges = (ink[:4].any(), ink[-4:].any(), ink[:, :4].any(), ink[:, -4:].any())
    assert not any(edges), "nothing is cut off"
    bottom = ink[-(10 + 2 * 66) : -10]
    columns = np.flatnonzero(bottom.any(axis=0))
    assert columns.max() - columns.min() < 200, "below the headings there are the labels alone"
    assert not bottom[:, columns.max() + 4 :].any()
