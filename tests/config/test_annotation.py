import ast
from pathlib import Path
from typing import Any, Literal

from tests.config.example import package
from vaelab.config.annotation import ANYTHING, Node, evaluate
from vaelab.config.types import Positive, PositiveInt

SOURCE = """
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Optional
from torch import nn
from vaelab.config.types import Positive, PositiveInt
from vaelab.room.other import Colour, Thing

Mode = Literal["a", "b"]
class Mood(Enum): ...
"""
OTHER = "from typing import Literal\nColour = Literal['red']\nclass Thing: ..."


def evaluated(text: str, folder: Path) -> Any:
    root = package(folder, room__here=SOURCE, room__other=OTHER)
    return evaluate(ast.parse(text, mode="eval").body, "vaelab.room.here", root)


def test_annotations_become_types(tmp_path: Path) -> None:
    for text, expected in {
        "int": int,
        "'float'": float,
        "Positive | None": Positive | None,
        "list[PositiveInt]": list[PositiveInt],
        "Mode": Literal["a", "b"],
        "Colour | None": Literal["red"] | None,
        "Sequence[int]": list[int],
        "Mapping[str, int]": dict[str, int],
        "Path": str,
        "Thing": Node,
        "dict[str, Thing]": dict[str, Node],
    }.items():
        assert evaluated(text, tmp_path) == expected, text


def test_what_cannot_be_known_is_anything(tmp_path: Path) -> None:
    for text in ("Any", "nn.Module", "nn.Module[int]", "Optimizer | None", "None | Mood", "1 / 0", "int[3]"):
        assert evaluated(text, tmp_path) is ANYTHING, text
    assert evaluate(None, "vaelab.room.here", tmp_path) is ANYTHING
