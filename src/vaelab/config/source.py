"""Finding a class or function in the package's source files, without importing them.

To import a room is to import torch; its files are parsed instead. Names are followed through
`from vaelab.x.y import Name`, also where a room's `__init__` hands them on.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vaelab.config.near import did_you_mean
from vaelab.errors import ConfigError

PACKAGE = Path(__file__).resolve().parents[1]
NAME = "vaelab"


class Definition(NamedTuple):
    """A statement at the top of a file that gives `name` its meaning, and the module it stands in."""

    module: str
    name: str
    node: ast.ClassDef | ast.FunctionDef | ast.expr


def find(module: str, name: str, root: Path = PACKAGE) -> Definition | None:
    """Where `name`, as used in `module`, is defined in the package; None for anything from outside it."""
    file = _file(module, root)
    if file is None:
        return None
    for node in _statements(parse(file).body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return Definition(module, name, node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and assigns(node, name):
            return Definition(module, name, node.value)
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == NAME:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return find(node.module or NAME, alias.name, root)
    return None


def locate(target: str, root: Path = PACKAGE) -> Definition | None:
    """The definition of a `_target_`; None for one from elsewhere, or that a module's `__getattr__` makes.

    Raises ConfigError, with the nearest name, for one that the package does not have.
    """
    module, _, name = target.rpartition(".")
    if target.split(".")[0] != NAME:
        return None
    definition = find(module, name, root)
    if definition is None and find(module, "__getattr__", root) is None:
        room = root / module.removeprefix(NAME).lstrip(".").split(".")[0]
        known = _targets(room, root) if room.is_dir() else _targets(root, root)
        raise ConfigError(f"{target} does not exist{did_you_mean(target, known)}")
    return definition


def assigns(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    """Whether the statement gives a value to `name`."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _file(module: str, root: Path) -> Path | None:
    first, *rest = module.split(".")
    if first != NAME:
        return None
    if rest[:1] == ["config"]:
        root = PACKAGE  # the ranges are those of the running program, whatever package is read
    files = [root.joinpath(*rest, "__init__.py")]
    if rest:
        files.append(root.joinpath(*rest[:-1], rest[-1] + ".py"))
    return next((file for file in files if file.is_file()), None)


@cache
def parse(file: Path) -> ast.Module:
    """The syntax tree of a file, read once."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at the top of a file, also those inside `if` and `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])


def _targets(folder: Path, root: Path) -> list[str]:
    """Everything public below a folder that a `_target_` could name."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        module = ".".join([NAME, *file.relative_to(root).with_suffix("").parts])
        for node in parse(file).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found.append(f"{module.removesuffix('.__init__')}.{node.name}")
    return found
