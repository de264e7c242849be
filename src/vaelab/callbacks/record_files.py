"""The files of a run's record: whole lines alone, cut back to what they were at a saved state."""

import os
from collections.abc import Mapping
from io import FileIO
from pathlib import Path

NAMES = ("history.jsonl", "units.jsonl")


def add_line(file: FileIO, line: str) -> None:
    """The line, or with an OSError nothing of it: a full disk may take the half."""
    end, rest = file.seek(0, os.SEEK_END), line.encode() + b"\n"
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        file.truncate(end)
        error.filename = file.name
        raise


def lengths(folder: Path) -> dict[str, int]:
    """Bytes of each file; 0 for one that is not there yet."""
    return {name: (folder / name).stat().st_size if (folder / name).exists() else 0 for name in NAMES}


def cut(folder: Path, to: Mapping[str, int]) -> None:
    """Take away what was written after a state, whose files had `to` bytes, as training will write it again.

    It is kept in history.orphan-<n>.jsonl and units.orphan-<n>.jsonl.
    """
    for name in NAMES:  # and no other file that the state may speak of
        path, length = folder / name, to.get(name)
        size = path.stat().st_size if path.exists() else 0
        if length is not None and size < length:
            print(f"note: {path} has lost {length - size} bytes since this state: figures are missing", flush=True)
        if length is None or size <= length:
            continue
        with open(path, "r+b") as file:
            file.seek(length)
            _free(path).write_bytes(file.read())
            file.truncate(length)
            os.fsync(file.fileno())


def _free(path: Path) -> Path:
    n = 1
    while (found := path.with_name(f"{path.stem}.orphan-{n}{path.suffix}")).exists():
        n += 1
    return found
