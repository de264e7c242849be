import pytest
import torch

from tests.factory import hierarchy
from tests.pictures.passes import passes_of
from vaelab.distributions.truncated_normal import TruncatedNormal
from vaelab.pictures import Samples


def test_every_layer_is_drawn_from_p_tempered_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Samples(rows=3, temperature=0.5, truncation=1.5)
    grid, (terms,) = passes_of(picture, hierarchy([4, 3, 2]), monkeypatch)
    assert torch.equal(torch.cat([row for _, row in grid.rows]), terms.px.mean)
    assert len(grid.rows) == 3 and all(len(row) == 6 for _, row in grid.rows)
    for latent in terms.latents:
        assert isinstance(latent.q, TruncatedNormal)
        assert ((latent.z - latent.p.mean).abs() <= 0.5 * 1.5 * latent.p.stddev * (1 + 1e-5)).all()
    assert "every layer drawn from p at temperature 0.5, cut at 1.5 standard deviations" in grid.title


def test_with_nothing_cut_the_title_does_not_speak_of_it() -> None:
    title = Samples(rows=1, temperature=1.0, truncation=None)(hierarchy([4]), torch.zeros(2, 1, 4, 4)).title
    assert title == "samples: z1 drawn from p at temperature 1; mean of p(x | z)"
