import json
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest
import torch

from tests.analyses.subject import subject
from tests.pictures.test_pictures import Drawn
from vaelab.analyses.blur import Blur
from vaelab.distributions import DiagonalNormal
from vaelab.likelihood import Bernoulli, Gaussian

GAUSSIAN = partial(Gaussian, variance=0.1)


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
@pytest.mark.parametrize("z_dims", [[2], [3, 2]])
@pytest.mark.parametrize("likelihood", [Bernoulli, GAUSSIAN])
def test_measured_is_predicted_and_distance(
    z_dims: list[int], encoder: str, likelihood: object, tmp_path: Path
) -> None:
    """An untrained q is wide: the blends are of many images, and no decoder can be sharp."""
    given = subject(tmp_path, z_dims, encoder=encoder, make_likelihood=likelihood)
    told = Blur(n_train=200, images=200, shown=4)(given)
    assert json.loads(json.dumps(told)) == told
    assert (told["n_train"], told["n"], told["held_out"]["n"]) == (200, 200, 179)  # all that the split has
    error = sum(told[name]["stderr"] for name in ("predicted", "measured", "distance"))
    assert told["predicted"]["value"] + told["distance"]["value"] == pytest.approx(
        told["measured"]["value"], abs=3 * error
    )
    assert told["sigma2"] == (None if likelihood is Bernoulli else pytest.approx(0.1))
    for found in (told["perplexity"], told["held_out"]["perplexity"], told["prior"]["perplexity"]):
        assert 1 <= found["low"] <= found["median"] <= found["high"] <= 200.001
    assert told["perplexity"]["median"] > 20
    # nothing that a decoder of this q could do brings the error of new images below this, but for chance
    for name in ("ideal", "measured"):
        of_new = told["held_out"][name]
        assert told["predicted"]["value"] < of_new["value"] + 3 * of_new["stderr"]
    assert 0 < told["sharpness"]["ideal"] < told["sharpness"]["data"] < 1
    lengths = {name: len(values) for name, values in told["spectrum"].items()}
    assert list(lengths) == ["frequency", "data", "ideal", "decoder"] and len(set(lengths.values())) == 1


class Projected(torch.nn.Module):
    """q(z | x) around four random sums of pixels, its scale given."""

    def __init__(self, log_scale: float) -> None:
        super().__init__()
        self.log_scale = log_scale
        self.onto = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)) / 8

    def forward(self, x: torch.Tensor) -> DiagonalNormal:
        loc = x.flatten(1) @ self.onto
        return DiagonalNormal(loc, torch.full_like(loc, self.log_scale))


def told_of(log_scale: float, folder: Path) -> dict[str, Any]:
    given = subject(folder, [4], encoder="bottom_up", make_likelihood=GAUSSIAN)
    encoder = given.run.module.hierarchy.encoder
    encoder.features[0], encoder.heads[0] = torch.nn.Identity(), Projected(log_scale)  # type: ignore[index,operator]
    return Blur(n_train=300, images=300, shown=4)(given)


def test_a_sharp_q_knows_its_training_images_and_a_new_image_is_shown_as_the_nearest(tmp_path: Path) -> None:
    told = told_of(-8.0, tmp_path)
    assert told["perplexity"]["high"] == pytest.approx(1)
    assert told["predicted"]["value"] == pytest.approx(0, abs=1e-9)
    assert told["distance"] == {key: pytest.approx(told["measured"][key], rel=1e-9) for key in ("value", "stderr")}
    assert told["held_out"]["ideal"]["value"] > 1
    assert told["sharpness"]["ideal"] == pytest.approx(told["sharpness"]["data"], rel=0.1)


def test_the_wider_q_is_the_more_blur_is_predicted(tmp_path: Path) -> None:
    told = [told_of(log_scale, tmp_path) for log_scale in (-3.5, -2.5, -1.5, 0.0)]
    values = [some["predicted"]["value"] for some in told]
    assert values == sorted(values) and values[0] > 0.1 and values[-1] > 2 * values[0]
    for some in told:
        parts, whole = some["predicted"]["value"] + some["distance"]["value"], some["measured"]["value"]
        assert parts == pytest.approx(whole, abs=0.1)
    assert told[0]["perplexity"]["median"] < 0.9 * told[0]["held_out"]["perplexity"]["median"], "an image's own weight"
    # few images are blended: what was learnt by heart is less than what is left open of new ones
    assert told[0]["predicted"]["value"] < 0.8 * told[0]["held_out"]["ideal"]["value"]


def test_a_q_that_ignores_x_leaves_the_whole_variance_of_the_data(tmp_path: Path) -> None:
    given = subject(tmp_path, [3, 2], encoder="concatenate", make_likelihood=GAUSSIAN)
    with torch.no_grad():
        for parameter in given.run.module.hierarchy.encoder.parameters():
            parameter.zero_()
    told = Blur(n_train=None, images=10, shown=4)(given)
    x = given.images(None, "blur", "train").double()
    assert told["n_train"] == len(x)
    assert told["predicted"]["value"] == pytest.approx(x.var(0, correction=0).sum().item(), rel=1e-6)
    assert told["predicted"]["stderr"] == pytest.approx(0, abs=1e-6)
    assert told["perplexity"] == {key: pytest.approx(len(x), rel=1e-6) for key in ("median", "low", "high")}


@pytest.mark.parametrize("shown", [1, 5, 99])
def test_the_pictures_have_a_column_for_each_z(shown: int, tmp_path: Path) -> None:
    Blur(n_train=50, images=6, shown=shown)(subject(tmp_path, [3, 2]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blur.png", "blur_prior.png"]
    high, low = (matplotlib.image.imread(tmp_path / name).shape[0] for name in ("blur.png", "blur_prior.png"))
    assert abs(high - low - 66) < 30, "one row more, of the data, and as many lines of words or one fewer"


def test_the_same_seed_tells_the_same_and_block_size_does_not_matter(tmp_path: Path) -> None:
    one, same, other = (
        Blur(n_train=30, images=5, shown=1)(subject(tmp_path, [3, 2], seed, rows)) for seed, rows in
        ((0, 500), (0, 16), (1, 500))
    )  # fmt: skip
    assert one["predicted"]["value"] == pytest.approx(same["predicted"]["value"], rel=1e-4)
    assert one["predicted"]["value"] != pytest.approx(other["predicted"]["value"], rel=1e-4)


def test_a_likelihood_without_a_mean_is_refused_in_a_sentence(tmp_path: Path) -> None:
    refusal = Blur(n_train=5, images=5, shown=5).refusal
    assert refusal(subject(tmp_path, [3]).run) is None
    assert "knows no mean" in str(refusal(subject(tmp_path, [3], make_likelihood=Drawn).run))
