"""The files below a folder, and what tells whether they have changed."""

import os
from collections.abc import Iterable
from pathlib import Path


def walk(root: Path) -> list[str]:
    """Every file below `root` as a relative path with forward slashes, sorted; hidden ones are left out."""
    found = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in files if not name.startswith(".")]
    return sorted(found)


def stamps(root: Path, names: Iterable[str]) -> list[tuple[str, int, int]]:
    """(name, size in bytes, time of the last change in ns) of each file."""
    return [(name, stat.st_size, stat.st_mtime_ns) for name in names for stat in [os.stat(root / name)]]
