"""The files below a folder, and what tells whether they have changed."""

import os
from collections.abc import Iterable
from pathlib import Path

from vaelab.errors import DataError


def walk(root: Path) -> list[str]:
    """Every file below `root` as a relative path with forward slashes, sorted; hidden ones are left out."""

    def refuse(error: OSError) -> None:
        raise DataError(f"{root} cannot be read ({error})") from error

    found = []
    for folder, subfolders, files in os.walk(root, onerror=refuse):  # which else skips what it may not read
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in files if not name.startswith(".")]
    return sorted(found)


def stamps(root: Path, names: Iterable[str]) -> list[tuple[str, int, int]]:
    """(name, size in bytes, time of change in ns) of each file. Raises DataError for a broken link."""
    found = []
    for name in names:
        try:
            stat = os.stat(root / name)
        except OSError as error:
            raise DataError(f"{root / name} cannot be read ({error})") from error
        found.append((name, stat.st_size, stat.st_mtime_ns))
    return found
