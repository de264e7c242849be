"""Which runs lie in a folder, and what their configs say of them."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

from vaelab.config.run_folder import read_overrides
from vaelab.printable import printable

DEEP = 3  # a sweep below a date, its runs below the sweep


def is_run(folder: Path) -> bool:
    return (folder / "config.json").exists()


def runs_in(folder: Path, deep: int = DEEP) -> list[Path]:
    """The run folders below `folder`, in the order of their names, numbers by size."""
    if not deep or not folder.is_dir():
        return []
    found: list[Path] = []
    for path in sorted(folder.iterdir(), key=_in_order):
        if path.is_dir() and not path.name.startswith("."):
            found += [path] if is_run(path) else runs_in(path, deep - 1)
    return found


def is_awaited(folder: Path) -> bool:
    """Whether Hydra has made the folder for a run or a sweep that has not begun."""
    return (folder / ".hydra").is_dir() or (folder / "multirun.yaml").exists()


def overrides(folder: Path) -> list[str]:
    """What the command line of a run said, without what only says where it runs."""
    here = ("hydra.", "threads=")
    return [text for text in map(printable, read_overrides(folder)) if not text.startswith(here)]


def differing(said: list[list[str]]) -> list[list[str]]:
    """Of the overrides of several runs, those that not all of them have."""
    common = set.intersection(*map(set, said)) if len(said) > 1 else set()
    return [[one for one in run if one not in common] for run in said]


def shortened(said: list[list[str]]) -> list[list[str]]:
    """Settings by the last part of their names, or by as many as name only one of them; `~a.b` stays."""
    keys = {one.split("=", 1)[0] for run in said for one in run}
    # objective.schedule.value: schedule.value, value, and itself
    ends = {key: [*(key[m.end() :] for m in re.finditer(r"[./]", key)), key] for key in keys}
    counted = Counter(end for of_key in ends.values() for end in of_key)

    def short(one: str) -> str:
        key, *value = one.split("=", 1)
        return (
            "=".join([min((end for end in ends[key] if counted[end] == 1), key=len, default=key), *value])
            if value
            else one
        )

    return [[short(one) for one in run] for run in said]


def model_words(config: dict[str, Any], arrow: str) -> str:
    """A config in a few words: the module, its layers from the images up, the likelihood, data and objective."""
    model = config.get("model") or {}
    dims = model.get("z_dims") or []
    layers = [f"z{i}[{d}]" for i, d in enumerate(dims, start=1)]
    if len(layers) > 4:
        layers = [f"{len(layers)} layers, {sum(d for d in dims if isinstance(d, int))} units"]
    module = str((model.get("module") or {}).get("_target_", "")).split(".")[-1]
    pieces = [_piece(config, group) for group in ("likelihood", "data", "objective")]
    words = [f"{module} {f' {arrow} '.join(layers)}".strip(), *pieces]
    return ", ".join(word for word in words if word)


def _piece(config: dict[str, Any], group: str) -> str:
    """The name of a choice: the file of its class."""
    parts = str((config.get(group) or {}).get("_target_", "")).split(".")
    return parts[-2] if len(parts) > 1 else ""


def _in_order(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
