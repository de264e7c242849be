from pathlib import Path

import pytest

from tests.config.example import package
from vaelab.config.source import find, locate
from vaelab.errors import ConfigError


def test_a_name_is_followed_through_imports_to_its_file() -> None:
    for target in ("vaelab.likelihood.gaussian.Gaussian", "vaelab.likelihood.Gaussian"):
        definition = locate(target)
        assert definition is not None and definition.module == "vaelab.likelihood.gaussian"
    activation = find("vaelab.nn.mlp", "Activation")
    assert activation is not None and activation.module == "vaelab.nn.layers"


def test_names_from_outside_are_not_known() -> None:
    assert locate("torch.optim.Adam") is None
    assert find("vaelab.nn.mlp", "nn") is None
    assert locate("vaelab.HVAE") is None  # made by the package's __getattr__


def test_renamed_imports_and_names_under_if_are_found(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        room__a="from vaelab.room.b import B as Bee",
        room__b="if True:\n    class B: ...\ntry:\n    X: object = int\nexcept ImportError: ...",
    )
    assert (bee := find("vaelab.room.a", "Bee", root)) and bee.module == "vaelab.room.b"
    assert find("vaelab.room.b", "X", root)


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("vaelab.likelihood.gaussian.Gausian", "vaelab.likelihood.gaussian.Gaussian"),
        ("vaelab.likelihood.gausian.Gaussian", "vaelab.likelihood.gaussian.Gaussian"),
        ("vaelab.likelyhood.gaussian.Gaussian", "vaelab.likelihood.gaussian.Gaussian"),
        ("vaelab.nn.mlp.mpl", "vaelab.nn.mlp.mlp"),
    ],
)
def test_a_target_that_does_not_exist_is_refused_with_the_nearest(target: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"^{target} does not exist; did you mean '{near}'"):
        locate(target)
