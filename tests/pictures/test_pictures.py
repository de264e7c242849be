"""Pictures: the loop with other proposals, and the model left as it was."""

from pathlib import Path

import pytest
import torch

from tests.factory import ENCODERS, hierarchy, images
from vaelab.data.digits import Digits
from vaelab.objective import Elbo
from vaelab.pictures import coarse_to_fine, draw_all, sample, write_grid
from vaelab.training.modules import HVAE


@pytest.mark.parametrize("encoder", ENCODERS)
def test_with_all_layers_held_the_coarse_to_fine_picture_is_the_reconstruction(encoder: str) -> None:
    model, x = hierarchy([4, 3, 2], encoder), images(6)
    torch.manual_seed(0)
    reconstruction = model(x).px.mean
    torch.manual_seed(0)
    pictures = coarse_to_fine(model, x, 1.0)
    assert len(pictures) == 4
    assert torch.equal(pictures[0], reconstruction)
    assert not torch.equal(pictures[-1], reconstruction)


def test_at_temperature_zero_nothing_is_left_to_chance() -> None:
    model, x = hierarchy([4, 3, 2]), images(6)
    assert torch.equal(sample(model, 3, 0.0), sample(model, 3, 0.0))
    torch.manual_seed(0)
    first = coarse_to_fine(model, x, 0.0)
    assert torch.equal(first[-1][0], first[-1][5]), "no layer held: the mean picture, for every image"


def test_all_pictures_are_written_and_the_mode_is_kept(tmp_path: Path) -> None:
    data = Digits(batch_size=16, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    module = HVAE(hierarchy([3, 2], x_shape=(1, 8, 8)), Elbo(), None, "binary").train()  # type: ignore[arg-type]
    paths = draw_all(module, data, "val", 4, 1.0, tmp_path, "_epoch0001")
    assert module.training
    names = {"samples", "reconstructions", "coarse_to_fine"}
    assert set(paths) == names
    assert {p.name for p in tmp_path.iterdir()} == {f"{name}_epoch0001.png" for name in names}
    again = draw_all(module, data, "val", 4, 1.0, tmp_path / "again")
    assert all(paths[name].read_bytes() == again[name].read_bytes() for name in names), (
        "the same seed, the same pictures"
    )


@pytest.mark.parametrize("shape", [(1, 5, 9), (3, 9, 5), (2, 4, 4)])
def test_grids_take_any_channels_and_sizes(shape: tuple[int, int, int], tmp_path: Path) -> None:
    path = write_grid(tmp_path / "a.png", "title", [("row", torch.rand(3, *shape)), ("other", torch.rand(3, *shape))])
    assert path.read_bytes().startswith(b"\x89PNG")
