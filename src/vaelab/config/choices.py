"""Which choices of a group have a setting that the chosen one has not."""

from pathlib import Path
from typing import Any

MOST = 4  # are told


def choices_with(key: str, conf: Path) -> list[str]:
    """`group=choice` for each file of a group that has the dotted `key`: likelihood.variance stands in
    likelihood=gaussian. A file has its own settings and those of the sub-groups that it chooses."""
    parts = key.split(".")
    found = []
    for cut in range(1, len(parts)):
        group = "/".join(parts[:cut])
        for file in sorted((conf / group).glob("*.yaml")):
            if _has(file, parts[cut:]):
                found.append(f"{group}={file.stem}")
    return found


def told(choices: list[str]) -> str:
    """'; likelihood=gaussian has it', or nothing where no choice has."""
    if not choices:
        return ""
    shown, more = choices[:MOST], len(choices) - MOST
    if more > 0:
        return f"; {', '.join(shown)} and {more} more have it"
    *before, last = shown
    return f"; {', '.join(before)} and {last} have it" if before else f"; {last} has it"


def _has(file: Path, path: list[str]) -> bool:
    from yaml import YAMLError, safe_load

    try:
        text = file.read_text()
        tree: Any = safe_load(text)
    except (OSError, YAMLError):
        return False
    # the keys of such a file are not below its group
    if not isinstance(tree, dict) or "# @package _global_" in text:
        return False
    for entry in tree.get("defaults") or []:
        choice = entry.get(path[0]) if isinstance(entry, dict) else None
        if len(path) > 1 and isinstance(choice, str) and _has(file.parent / path[0] / f"{choice}.yaml", path[1:]):
            return True
    for part in path:
        if not isinstance(tree, dict) or part not in tree or part.startswith("_") or part == "defaults":
            return False
        tree = tree[part]
    return True
