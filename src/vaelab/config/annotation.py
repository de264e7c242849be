"""An annotation in a source file as a type to hold values against."""

import ast
import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

from vaelab.config import types
from vaelab.config.source import PACKAGE, find


class _Anything:
    """Stands for every type that cannot be known without importing: it accepts all values.

    Subscripts, attributes and unions of it are anything too: `nn.Module`, `Callable[..., Tensor] | None`.
    """

    def __getattr__(self, name: str) -> "_Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> "_Anything":
        return self

    def __call__(self, *args: object, **kwargs: object) -> "_Anything":
        return self

    def __or__(self, other: object) -> "_Anything":
        return self

    __ror__ = __or__


ANYTHING = _Anything()


class Node:
    """Stands for an object, or a function: a config can only give it as a group with a `_target_`."""


# classes whose values YAML can write without a `_target_`
_DATA = {"Enum", "IntEnum", "StrEnum", "NamedTuple", "TypedDict"}

# names that mean the same in every file; a sequence in YAML is a list, a path a string
_KNOWN: dict[str, Any] = {
    "Any": ANYTHING,
    "Annotated": Annotated,
    "Callable": Callable,
    "Literal": Literal,
    "Mapping": dict,
    "Optional": Optional,
    "Path": str,
    "Sequence": list,
    "Union": Union,
}


class _Names(dict[str, Any]):
    """What names mean in a module: looked up as an annotation asks for them."""

    def __init__(self, module: str, root: Path) -> None:
        super().__init__(_KNOWN)
        self.module, self.root = module, root

    def __missing__(self, name: str) -> Any:
        definition = find(self.module, name, self.root)
        if definition is None and hasattr(builtins, name):
            raise KeyError(name)  # eval then asks the builtins
        # the ranges are real objects, whatever their syntax tree looks like
        if definition is not None and definition.module == types.__name__:
            return getattr(types, name, ANYTHING)
        if definition is None:
            return ANYTHING
        if isinstance(definition.node, ast.expr):
            return evaluate(definition.node, definition.module, self.root)
        bases = {getattr(base, "id", "") for base in getattr(definition.node, "bases", ())}
        return ANYTHING if bases & _DATA else Node


def evaluate(node: ast.expr | None, module: str, root: Path = PACKAGE) -> Any:
    """The type that an annotation of `module` stands for; ANYTHING where it has none or cannot be known."""
    if node is None:
        return ANYTHING
    try:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        return eval(compile(ast.Expression(node), module, "eval"), {}, _Names(module, root))
    except Exception:
        # an annotation may be anything Python allows: one not understood here is no fault of the config
        return ANYTHING
