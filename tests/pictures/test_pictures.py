"""What holds of every kind of picture: its YAML draws it, its title says what it is, and it asks nobody else."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch
import yaml
from hydra.utils import instantiate
from torch import Tensor
from torch.distributions import Distribution

from tests.factory import DECODERS, hierarchy, images
from vaelab.config.paths import CONF
from vaelab.config.signature import signature_of
from vaelab.data.digits import Digits
from vaelab.errors import ConfigError
from vaelab.likelihood import Bernoulli
from vaelab.model import Hierarchy
from vaelab.objective import Elbo
from vaelab.pictures import Grid, Picture, Samples, draw_all
from vaelab.seeding import seed_noise
from vaelab.training.modules import HVAE

NAMES = sorted(file.stem for file in (CONF / "pictures").glob("*.yaml"))
CASES = [(name, depth) for name in NAMES for depth in (1, 2, 3)]


def picture(name: str, **settings: object) -> Picture:
    node = yaml.safe_load((CONF / "pictures" / f"{name}.yaml").read_text())[name]
    made = instantiate({**node, **settings}, _convert_="all")
    assert isinstance(made, Picture)
    return made


def module(z_dims: list[int], units: str = "binary", **extra: object) -> HVAE:
    return HVAE(hierarchy(z_dims, x_shape=(1, 8, 8), **extra), Elbo(), None, units)  # type: ignore[arg-type]


def digits() -> Digits:
    data = Digits(batch_size=16, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    return data


@pytest.mark.parametrize(("name", "depth"), CASES)
@pytest.mark.parametrize("encoder", ["bottom_up", "precision_weighted"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_file_draws_on_every_hierarchy(name: str, depth: int, encoder: str, decoder: str) -> None:
    model, made = hierarchy([4, 3, 2][:depth], encoder, decoder), picture(name)
    assert list(made.faults(model.z_dims, 12)) == []
    grid = made(model, images(12))
    assert len({len(row) for _, row in grid.rows}) == 1, "rows are of one length"
    assert grid.columns == [] or len(grid.columns) == len(grid.rows[0][1])
    for _, row in grid.rows:
        assert row.shape[1:] == (1, 4, 4) and torch.isfinite(row).all()
    assert grid.title.startswith(name.replace("_", " ")) and "mean of p(x | z)" in grid.title
    assert ("z1" in grid.title or "layer" in grid.title) and f"z{depth + 1}" not in grid.title


@pytest.mark.parametrize("name", NAMES)
def test_a_temperature_is_asked_for_and_named(name: str) -> None:
    node = yaml.safe_load((CONF / "pictures" / f"{name}.yaml").read_text())[name]
    if "temperature" not in (signature_of(node["_target_"]) or {}):
        pytest.skip("nothing is drawn from p")
    # where the picture draws from p only what it does not hold, let it hold less
    free = {"interpolation": {"layers": [2]}}.get(name, {})
    model = hierarchy([4, 3, 2])
    assert "temperature 0.25" in picture(name, temperature=0.25, **free)(model, images(6)).title
    listed = picture(name, temperature=[0.5, 1.0, 0.0], **free)
    assert "temperatures z1 0.5, z2 1, z3 0" in listed(model, images(6)).title
    (fault,) = picture(name, temperature=[0.5], **free).faults([4, 3], 6)
    assert fault.startswith("temperature has 1 value, this model has 2 layers")


@pytest.mark.parametrize("name", NAMES)
def test_at_temperature_zero_all_that_is_drawn_is_drawn_from_q(name: str) -> None:
    """The same z ~ q(z | x) and another noise after it: the same picture."""
    node = yaml.safe_load((CONF / "pictures" / f"{name}.yaml").read_text())[name]
    cold = picture(name, **({"temperature": 0.0} if "temperature" in node else {}))
    model = hierarchy([4, 3, 2], encoder="residual", decoder="residual")
    encoder_forward, grids = model.forward, []
    for seed in (1, 2):

        def held(x: Tensor, samples: int | None = None, after: int = seed) -> object:
            seed_noise(0)
            terms = encoder_forward(x, samples)
            seed_noise(after)
            return terms

        model.forward = held  # type: ignore[assignment]
        grids.append(cold(model, images(6)))
    for (_, a), (_, b) in zip(grids[0].rows, grids[1].rows, strict=True):
        assert torch.equal(a, b)


class NoMean(Distribution):
    """A family that can be drawn from and knows no mean, as an autoregressive one."""

    arg_constraints: dict = {}

    def __init__(self, params: Tensor) -> None:
        super().__init__(params.shape[:-3], params.shape[-3:], validate_args=False)

    def sample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        return torch.full((*sample_shape, *self.batch_shape, *self.event_shape), 0.25)

    def log_prob(self, value: Tensor) -> Tensor:
        return value.flatten(-3).sum(-1)


class Drawn(Bernoulli):
    def forward(self, params: Tensor) -> Distribution:
        return NoMean(params)


@pytest.mark.parametrize("name", NAMES)
def test_a_likelihood_without_a_mean_is_drawn_from_and_the_title_says_so(name: str) -> None:
    grid = picture(name)(hierarchy([4, 3], make_likelihood=Drawn), images(12))
    assert "a draw of p(x | z)" in grid.title
    assert (grid.rows[-1][1] == 0.25).any()


@pytest.mark.parametrize("name", NAMES)
def test_of_forty_layers_a_readable_number_is_shown(name: str) -> None:
    grid = picture(name)(hierarchy([2] * 40, decoder="residual"), images(12))
    labels = [label for label, _ in grid.rows]
    if name == "coarse_to_fine":
        held = [label.partition(":")[0] for label in labels]
        assert held[:2] == ["data", "z1…z40 held"] and held[-1] == "none held" and len(labels) == 9
    if name == "resample":
        assert [label for label in labels if "image 2" in label][:: 7] == [
            "image 2, z40 drawn again", "image 2, z1 drawn again"
        ]  # fmt: skip
        assert len(labels) == 3 * 8
    assert len(labels) <= 24


def test_each_picture_has_noise_of_its_own_and_the_mode_is_kept(tmp_path: Path) -> None:
    trained = module([3, 2]).train()
    pictures = {name: picture(name) for name in NAMES}
    paths = draw_all(trained, digits(), pictures, "val", 4, tmp_path, "_epoch0001")
    assert trained.training
    assert list(paths) == NAMES
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}_epoch0001.png" for name in NAMES}
    some = {name: pictures[name] for name in ("traversal", "samples")}
    again = draw_all(trained, digits(), some, "val", 4, tmp_path / "again")
    other = draw_all(trained, digits(), some, "val", 4, tmp_path / "other", seed=1)
    for name in some:
        assert again[name].read_bytes() == paths[name].read_bytes(), "whatever else is drawn, in whatever order"
        assert other[name].read_bytes() != paths[name].read_bytes()


def test_bytes_are_shown_from_0_to_255(tmp_path: Path) -> None:
    class White(Picture):
        def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
            return Grid("white", [("", torch.full((2, 1, 8, 8), 127.5))])

    data = Digits(batch_size=16, transform="none")
    data.give(("byte",), "bytes", 0)
    path = draw_all(module([3], "byte"), data, {"a": White()}, "val", 2, tmp_path)["a"]
    middle = matplotlib.image.imread(path)[-30, 30, :3]
    assert np.abs(middle - 0.5).max() < 0.01


def test_what_does_not_fit_is_told_at_once_and_nothing_is_drawn(tmp_path: Path) -> None:
    wrong = {
        "samples": Samples(rows=1, temperature=1.0, truncation=None),
        "a": picture("traversal", layer=9),
        "b": picture("traversal", layer=1, unit=4),
        "c": picture("interpolation", layers=[1, 3], steps=1),
    }
    with pytest.raises(ConfigError) as refused:
        draw_all(module([3, 2]), digits(), wrong, "val", 4, tmp_path)
    assert str(refused.value).splitlines()[1:] == [
        "- pictures.a.layer=9: this model has 2 layers, z1 to z2",
        "- pictures.b.unit=4: z1 has units 1 to 3",
        "- pictures.c.layers[1]=3: this model has 2 layers, z1 to z2",
        "- pictures.c.steps=1: a path has two ends, give 2 or more",
    ]
    assert not list(tmp_path.iterdir())


def test_a_family_without_a_rule_is_told_in_one_line(tmp_path: Path) -> None:
    class NoMoments(Distribution):
        arg_constraints: dict = {}
        has_rsample = True

        def rsample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
            return torch.zeros(*sample_shape, 3)

    class Prior(torch.nn.Module):
        def forward(self, q_top: object) -> Distribution:
            return NoMoments(event_shape=torch.Size([3]), validate_args=False)

    bare = module([3], prior=Prior())
    for name, made, words in (
        ("samples", Samples(rows=1, temperature=0.5, truncation=None), "no temperature is defined for NoMoments"),
        ("samples", Samples(rows=1, temperature=1.0, truncation=2.0), "no truncation is defined for NoMoments"),
        ("moved", picture("traversal"), "NoMoments has no mean and standard deviation to go by"),
    ):
        with pytest.raises(ConfigError, match=rf"^pictures\.{name}: {words}$"):
            draw_all(bare, digits(), {name: made}, "val", 4, tmp_path)
