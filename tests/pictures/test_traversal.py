from typing import Any

import pytest
import torch

from tests.factory import DECODERS, hierarchy
from tests.pictures.passes import passes_of
from vaelab.pictures import Traversal

SETTINGS: dict[str, Any] = {"layer": None, "unit": 2, "images": 3, "steps": 7, "reach": 3.0, "temperature": 0.0}


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("encoder", ["bottom_up", "precision_weighted"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_one_unit_moves_all_above_is_held_and_all_below_follows(
    layer: int, encoder: str, decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hierarchy([4, 3, 2], encoder, decoder)
    grid, (first, way) = passes_of(Traversal(**{**SETTINGS, "layer": layer}), model, monkeypatch)
    own, values = 0, torch.arange(-3.0, 4.0)
    for l, (latent, before) in enumerate(zip(way.latents, first.latents, strict=True)):
        if l + 1 > layer:
            assert torch.equal(latent.z, before.z.expand_as(latent.z))
        elif l + 1 < layer:
            assert torch.equal(latent.z, latent.p.mean), "temperature 0"
        else:
            others = [u for u in range(latent.z.shape[-1]) if u != 1]
            assert torch.equal(latent.z[..., others], before.z.expand_as(latent.z)[..., others])
            assert torch.equal(latent.z[own], before.z)
            noise = (latent.z - latent.p.mean) / latent.p.stddev
            torch.testing.assert_close(noise[1:, :, 1], values[:, None].expand(7, 3), rtol=1e-4, atol=1e-4)
    for i, (label, row) in enumerate(grid.rows):
        assert label == f"image {i + 1}" and torch.equal(row[1:], way.px.mean[:, i])
    assert grid.columns == ["data", "own value", "-3", "-2", "-1", "0", "+1", "+2", "+3"]


def test_of_the_lowest_layer_the_own_value_is_the_reconstruction(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, (first, _) = passes_of(Traversal(**{**SETTINGS, "layer": 1}), hierarchy([4, 3]), monkeypatch)
    for i, (_, row) in enumerate(grid.rows):
        torch.testing.assert_close(row[1], first.px.mean[i])


@pytest.mark.parametrize(
    ("layer", "depth", "held", "drawn"),
    [
        (None, 1, "its other units held", None),
        (None, 3, "its other units held", "z1, z2 drawn from p at temperature 0"),
        (2, 3, "its other units and z3 held", "z1 drawn from p at temperature 0"),
        (1, 3, "its other units and z2, z3 held", None),
    ],
)
def test_the_title_says_what_was_held_and_what_was_drawn(
    layer: int | None, depth: int, held: str, drawn: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hierarchy([4, 3, 2][:depth])
    title = passes_of(Traversal(**{**SETTINGS, "layer": layer}), model, monkeypatch)[0].title
    assert f"unit 2 of z{layer or depth}" in title and f"{held} from q(z | x)" in title
    assert drawn in title if drawn else "drawn from p" not in title


def test_a_unit_or_layer_that_is_not_there_is_told() -> None:
    def faults(**settings: object) -> list[str]:
        return list(Traversal(**{**SETTINGS, **settings}).faults([4, 3], 6))

    assert faults(unit=3) == []
    assert faults(unit=4) == ["unit=4: z2 has units 1 to 3"]
    assert faults(unit=4, layer=1) == []
    assert faults(layer=9) == ["layer=9: this model has 2 layers, z1 to z2"]
