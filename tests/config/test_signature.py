import importlib
import inspect
from pathlib import Path
from typing import Literal

import pytest

from tests.config.example import package
from vaelab.config.annotation import Node
from vaelab.config.signature import Argument, class_constant, home_of, signature_of
from vaelab.config.source import PACKAGE
from vaelab.config.types import Positive, PositiveInt
from vaelab.errors import ConfigError

FIXTURE = """
from torch import nn
from other import Base
from vaelab.config.types import Positive

class Parent(nn.Module):
    takes: tuple = ("unit",)
    def __init__(self, x_shape, *, width: Positive, depth: int = 2): ...

class Child(Parent):
    holds = "bytes"

class Open(Parent):
    def __init__(self, *, own: bool, **rest): ...

class Bare(nn.Module): ...
class Foreign(Base): ...
alias = Parent
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return package(tmp_path, room__file=FIXTURE)


def test_the_keyword_only_arguments_of_real_targets() -> None:
    assert signature_of("vaelab.likelihood.gaussian.Gaussian") == {"variance": Argument(Positive, True)}
    mlp = signature_of("vaelab.nn.mlp.mlp")
    assert mlp is not None
    assert list(mlp) == ["widths", "depth", "activation", "norm"]
    assert mlp["widths"].annotation == list[PositiveInt]
    assert mlp["norm"].annotation == Literal["none", "batch", "layer"]


ROOMS = ("nn", "likelihood", "objective", "encoder", "decoder")


def test_what_is_read_is_what_python_has() -> None:
    """For every public class and function of some rooms: the names, which are required, and the types."""
    compared = 0
    for file in (file for room in ROOMS for file in (PACKAGE / room).glob("*.py")):
        module = importlib.import_module(".".join(["vaelab", *file.relative_to(PACKAGE).with_suffix("").parts]))
        for name, made in vars(module).items():
            if getattr(made, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            if not (inspect.isclass(made) or inspect.isfunction(made)) or (
                inspect.isclass(made) and made.__base__ is tuple
            ):
                continue  # a name for a type, or a record that code makes
            read = signature_of(f"{module.__name__}.{name}")
            assert read is not None
            real = inspect.signature(made.__init__ if inspect.isclass(made) else made).parameters.values()
            keywords = {p.name: p for p in real if p.kind == p.KEYWORD_ONLY}
            assert {key: argument.required for key, argument in read.items()} == {
                key: p.default is p.empty for key, p in keywords.items()
            }
            # of a class all that is known is that it is one
            types = {key: Node if inspect.isclass(p.annotation) else p.annotation for key, p in keywords.items()}
            for key, argument in read.items():
                assert argument.annotation == types[key] or argument.annotation is keywords[key].annotation
                compared += 1
    assert compared > 20


def test_a_constructor_is_inherited(root: Path) -> None:
    assert signature_of("vaelab.likelihood.bernoulli.Bernoulli") == {}
    parent = {"width": Argument(Positive, True), "depth": Argument(int, False)}
    assert signature_of("vaelab.room.file.Parent", root) == parent
    assert signature_of("vaelab.room.file.Child", root) == parent
    assert signature_of("vaelab.room.file.Bare", root) == {}


def test_arguments_of_any_name_are_marked(root: Path) -> None:
    assert list(signature_of("vaelab.room.file.Open", root) or ()) == ["own", "**"]


def test_what_cannot_be_read_is_unknown(root: Path) -> None:
    for target in ("torch.optim.Adam", "vaelab.room.file.Foreign", "vaelab.room.file.alias"):
        assert signature_of(target, root) is None
    with pytest.raises(ConfigError):
        signature_of("vaelab.room.file.Nothing", root)


def test_class_constants_are_read_also_from_a_base(root: Path) -> None:
    assert class_constant("vaelab.likelihood.bernoulli.Bernoulli", "takes") == ("binary",)
    assert class_constant("vaelab.room.file.Child", "takes", root) == ("unit",)
    assert class_constant("vaelab.room.file.Child", "holds", root) == "bytes"
    assert class_constant("vaelab.room.file.Child", "planes", root) is None
    assert class_constant("torch.optim.Adam", "takes", root) is None


def test_a_target_has_one_home() -> None:
    assert home_of("vaelab.encoder.BottomUp") == "vaelab.encoder.bottom_up.BottomUp"
    assert home_of("torch.optim.Adam") == "torch.optim.Adam"
