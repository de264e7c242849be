import pytest
import torch

from tests.factory import DECODERS, hierarchy
from tests.pictures.passes import passes_of
from vaelab.pictures import Resample


@pytest.mark.parametrize("encoder", ["bottom_up", "precision_weighted"])
@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_one_layer_is_drawn_from_p_and_the_others_are_held(
    encoder: str, decoder: str, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, temperature = 4000, 0.7
    model = hierarchy([4, 3, 2][:depth], encoder, decoder)
    picture = Resample(images=2, draws=draws, temperature=temperature)
    with torch.no_grad():
        grid, (first, *passes) = passes_of(picture, model, monkeypatch)
    assert len(passes) == depth and len(grid.rows) == 2 * depth
    for i, terms in enumerate(passes):
        again = depth - 1 - i
        for l, (latent, before) in enumerate(zip(terms.latents, first.latents, strict=True)):
            assert latent.z.shape == (draws, *before.z.shape)
            if l != again:
                assert torch.equal(latent.z, before.z.expand_as(latent.z)) and latent.q is None
                continue
            # given those above: p is the p of the first pass, and the draws are of it, tempered
            noise = (latent.z - before.p.mean) / (temperature * before.p.stddev)
            assert noise.mean(0).abs().max() < 5 / draws**0.5
            assert (noise.var(0) - 1).abs().max() < 5 * (2 / draws) ** 0.5
            assert (noise[:, 0] * noise[:, 1]).mean(0).abs().max() < 5 / draws**0.5, "each image has its own"
        label, row = grid.rows[i]
        assert label == f"image 1, z{again + 1} drawn again"
        torch.testing.assert_close(row[1], first.px.mean[0])
        assert torch.equal(row[2:], terms.px.mean[:, 0])


def test_the_title_says_when_nothing_else_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Resample(images=2, draws=3, temperature=1.0)
    titles = {
        (depth, decoder): passes_of(picture, hierarchy([4, 3, 2][:depth], decoder=decoder), monkeypatch)[0].title
        for depth in (1, 3)
        for decoder in DECODERS
    }
    for decoder in DECODERS:
        assert "There is one layer: each draw is a free sample" in titles[1, decoder]
    assert "p(x | z) sees z1 alone: no other layer moves the picture" in titles[3, "markov"]
    assert "No layer but" not in titles[3, "residual"]
