import pytest
import torch

from tests.factory import ENCODERS, hierarchy
from tests.pictures.passes import passes_of
from vaelab.pictures import CoarseToFine
from vaelab.pictures.coarse_to_fine import DRAWS


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_held_layers_are_those_of_one_pass_and_the_rest_is_p(
    encoder: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hierarchy([4, 3, 2][:depth], encoder)
    grid, (first, *passes) = passes_of(CoarseToFine(temperature=0.5), model, monkeypatch)
    assert len(grid.rows) - 1 == depth + 1
    passes = passes[: depth + 1]  # those of the bounds come after, so that their noise moves no picture
    for i, terms in enumerate(passes):
        k = depth - i
        for l, latent in enumerate(terms.latents):
            if l >= depth - k:
                assert torch.equal(latent.z, first.latents[l].z) and latent.q is None
            else:
                torch.testing.assert_close(latent.q.stddev, 0.5 * latent.p.stddev)  # type: ignore[union-attr]
    assert torch.equal(grid.rows[1][1], first.px.mean), "all layers held: the reconstruction"
    assert ("one layer: a reconstruction, then a sample" in grid.title) == (depth == 1)


def test_with_no_layer_held_temperature_zero_is_one_picture_for_every_image(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, _ = passes_of(CoarseToFine(temperature=0.0), hierarchy([4, 3, 2]), monkeypatch)
    label, last = grid.rows[-1]
    assert label.startswith("none held: ")
    assert torch.equal(last, last[:1].expand_as(last))


def test_labels_say_what_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, _ = passes_of(CoarseToFine(temperature=1.0), hierarchy([4, 3, 2]), monkeypatch)
    held = [label.partition(":")[0] for label, _ in grid.rows]
    assert held == ["data", "z1…z3 held", "z2, z3 held", "z3 held", "none held"]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_labels_tell_the_bound_of_the_held_layers_whatever_the_temperature(
    encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L^{>k} of the images shown: the ELBO in the first row, E_p log p(x | z) in the last."""
    model = hierarchy([4, 3, 2], encoder, "residual")
    grid, (_, *passes) = passes_of(CoarseToFine(temperature=1.0), model, monkeypatch)
    bounds = [terms for terms in passes if terms.log_px is not None]
    assert len(bounds) == 4 * DRAWS
    for i, (label, _) in enumerate(grid.rows[1:]):
        for terms in bounds[i::4]:
            held = [latent.q is not latent.p for latent in terms.latents]
            assert held == [l >= i for l in range(3)], "label i holds all layers but the lowest i"
        mean = torch.stack([terms.elbo for terms in bounds[i::4]]).mean().item()
        assert label.endswith(f": {mean:.1f} nats")
    cold, _ = passes_of(CoarseToFine(temperature=0.0), model, monkeypatch)
    assert [label for label, _ in cold.rows] == [label for label, _ in grid.rows]
