"""Files that are there whole or not at all."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

_TEMPORARY = re.compile(r".+\.(\d+)\.tmp")


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Through a temporary file beside it: after a crash there is the old file or the new one, never half."""
    with written_beside(path, write) as temporary:
        os.replace(temporary, path)
    sync(path.parent)


@contextmanager
def written_beside(path: Path, write: Callable[[BinaryIO], object]) -> Iterator[Path]:
    """A file beside `path` that is whole and on the disk; what is still there in the end is taken away."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot, and keep names in their own way
            os.fsync(opened)
    finally:
        os.close(opened)


def sweep(folder: Path) -> None:
    """Take away the temporary files of writers that are no more: they were killed in the middle."""
    for path in folder.glob("*.tmp"):
        writer = _TEMPORARY.fullmatch(path.name)
        if writer and not _lives(int(writer[1])):
            path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    write_atomically(path, partial(put_json, content))


def put_json(content: Any, file: BinaryIO) -> None:
    file.write(f"{json.dumps(content, indent=2, allow_nan=True)}\n".encode())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return pid != os.getpid()
