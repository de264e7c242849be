"""What a `_target_` takes, read from its source file."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vaelab.config.annotation import ANYTHING, evaluate
from vaelab.config.source import PACKAGE, Definition, assigns, find, locate

# bases whose own constructor takes no settings; any other base from outside may take some
_PLAIN = {"object", "ABC", "Protocol", "Generic", "Module", "Callback", "Checkpoint"} | {
    "LightningModule",
    "LightningDataModule",
}


@dataclass(frozen=True)
class Argument:
    """One setting of a target: its type, and whether the config must give it."""

    annotation: Any
    required: bool


@cache
def signature_of(target: str, root: Path = PACKAGE) -> dict[str, Argument] | None:
    """The keyword-only arguments of a class or function of the package; None when they cannot be known.

    The key "**" stands for arguments of any name. Raises ConfigError for a target that does not exist.
    """
    definition = locate(target, root)
    if definition is None or isinstance(definition.node, ast.expr):
        return None
    if isinstance(definition.node, ast.FunctionDef):
        return _keywords(definition.node, definition.module, root)
    for parent in _ancestry(definition, root):
        if parent is None:
            return None
        for node in _body(parent):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return _keywords(node, parent.module, root)
    return {}


@cache
def class_constant(target: str, name: str, root: Path = PACKAGE) -> Any:
    """The literal value of a class attribute, its own or inherited; None when there is none to be read."""
    definition = locate(target, root)
    for parent in _ancestry(definition, root) if definition else ():
        for node in _body(parent) if parent else ():
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and assigns(node, name):
                try:
                    return ast.literal_eval(node.value)
                except ValueError:
                    return None
    return None


def home_of(target: str, root: Path = PACKAGE) -> str:
    """The target by the file that defines it, where a config named it as a room hands it on."""
    definition = locate(target, root)
    return target if definition is None else f"{definition.module}.{definition.name}"


def _keywords(node: ast.FunctionDef, module: str, root: Path) -> dict[str, Argument]:
    arguments = {
        arg.arg: Argument(evaluate(arg.annotation, module, root), required=default is None)
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    }
    return arguments | ({"**": Argument(ANYTHING, required=False)} if node.args.kwarg else {})


def _body(definition: Definition) -> list[ast.stmt]:
    return definition.node.body if isinstance(definition.node, ast.ClassDef) else []


def _ancestry(definition: Definition, root: Path) -> list[Definition | None]:
    """The class and its bases, depth first as Python asks them; None for one from outside the package."""
    found: list[Definition | None] = [definition]
    if not isinstance(definition.node, ast.ClassDef):
        return found
    for base in definition.node.bases:
        name = base.value if isinstance(base, ast.Subscript) else base
        last = name.id if isinstance(name, ast.Name) else getattr(name, "attr", "")
        parent = find(definition.module, last, root) if isinstance(name, ast.Name) else None
        if parent is not None:
            found += _ancestry(parent, root)
        elif last not in _PLAIN:
            found.append(None)
    return found
