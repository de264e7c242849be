from typing import Any

import pytest
import torch

from tests.factory import DECODERS, hierarchy
from tests.pictures.passes import passes_of
from vaelab.model import Hierarchy, Latent
from vaelab.pictures import Interpolation

SETTINGS: dict[str, Any] = {"pairs": 3, "steps": 5, "path": "spherical", "layers": None, "temperature": 0.0}


def noise(latent: Latent) -> torch.Tensor:
    return (latent.z - latent.p.mean) / latent.p.stddev


@pytest.mark.parametrize("path", ["spherical", "linear"])
@pytest.mark.parametrize("encoder", ["bottom_up", "residual"])
@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_ends_are_the_reconstructions_and_the_way_is_even(
    path: str, encoder: str, decoder: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hierarchy([4, 3, 2][:depth], encoder, decoder).double()
    picture = Interpolation(**{**SETTINGS, "path": path})
    monkeypatch.setattr("tests.pictures.passes.images", lambda n: torch.rand(n, 1, 4, 4, dtype=torch.float64).round())
    with torch.no_grad():
        grid, (ends, way) = passes_of(picture, model, monkeypatch)
    for i, (_, row) in enumerate(grid.rows):
        torch.testing.assert_close(row[1], ends.px.mean[i])
        torch.testing.assert_close(row[-2], ends.px.mean[3 + i])
    for latent, end in zip(way.latents, ends.latents, strict=True):
        torch.testing.assert_close(latent.z[0], end.z[:3])
        torch.testing.assert_close(latent.z[-1], end.z[3:])
        along = noise(latent)
        steps = (along[1:] - along[:-1]).norm(dim=-1)
        if path == "linear":
            torch.testing.assert_close(steps, steps[:1].expand_as(steps))
    assert f"on a {path} path" in grid.title and "drawn from p" not in grid.title


def test_at_the_top_of_a_standard_normal_prior_the_path_is_of_z_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (ends, way) = passes_of(Interpolation(**{**SETTINGS, "path": "linear"}), hierarchy([4, 3]), monkeypatch)
    z = ends.latents[1].z
    torch.testing.assert_close(way.latents[1].z[2], (z[:3] + z[3:]) / 2)


@pytest.mark.parametrize("temperature", [0.0, 0.5])
@pytest.mark.parametrize("layers", [[3], [1], [2, 3]])
def test_layers_that_are_not_named_are_drawn_from_p(
    layers: list[int], temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Hierarchy = hierarchy([4, 3, 2], decoder="residual")
    picture = Interpolation(**{**SETTINGS, "layers": layers, "temperature": temperature})
    grid, (ends, way) = passes_of(picture, model, monkeypatch)
    for l, latent in enumerate(way.latents):
        if l + 1 in layers:
            assert latent.q is None
        else:
            torch.testing.assert_close(latent.q.stddev, temperature * latent.p.stddev)  # type: ignore[union-attr]
    top = way.latents[2].z
    if 3 in layers:
        torch.testing.assert_close(top[0], ends.latents[2].z[:3])
    assert ", ".join(f"z{l}" for l in layers) in grid.title
    assert f"the other layers drawn from p at temperature {temperature:g}" in grid.title


def test_there_are_as_many_pairs_as_images_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, _ = passes_of(Interpolation(**SETTINGS), hierarchy([4]), monkeypatch, n=5)
    assert [label for label, _ in grid.rows] == ["pair 1", "pair 2"]
    assert grid.columns == ["data", "0", "0.25", "0.5", "0.75", "1", "data"]
    (fault,) = Interpolation(**SETTINGS).faults([4], 1)
    assert fault == "pairs=3: a pair takes two images, and images=1"
