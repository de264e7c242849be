"""One process at a time in a run folder."""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaelab.errors import BusyError

NAME = ".lock"
_HELD = (errno.EACCES, errno.EAGAIN)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a folder for this process, as `<folder>/.lock` says. Raises BusyError where another has it.

    A POSIX record lock: the system lets go of it when the process dies, however it dies, and no process that was
    forked from it holds it on. The file stays, so that two processes never lock two files of the same name.
    """
    # opened once: to close any other handle of the file would let go of the lock
    file, mine = _taken(folder)
    try:
        if not mine:
            raise BusyError(f"{folder} is being written by {_holder(file)}: wait for it, or stop it")
        who = {"pid": os.getpid(), "host": os.uname().nodename, "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(who).encode(), 0)
        yield
    finally:
        os.close(file)


def _taken(folder: Path) -> tuple[int, bool]:
    """The folder's lock file, and not one that was taken away meanwhile, which would keep nobody out; and whether this
    process has it now."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        mine = _lock(file)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), os.stat(folder / NAME)):
                return file, mine
        os.close(file)


def _lock(file: int) -> bool:
    """Whether this process has the lock now. One that only asks has it for an instant, so that it is tried again."""
    for pause in (0.02, 0.05, 0.1, 0.2, None):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in _HELD:
                print("note: the run folder lies where files have no locks: one process at a time", flush=True)
                return True
        if pause is not None:
            time.sleep(pause)
    return False


def is_held(folder: Path) -> bool:
    """Whether another process has the folder now. Not to be asked by the one that has it, which would let go of it."""
    try:
        file = os.open(folder / NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared with others who ask
        return False
    except OSError as error:
        return error.errno in _HELD
    finally:
        os.close(file)


def held_by(folder: Path) -> int | None:
    """The process of this machine that has the folder now."""
    if not is_held(folder):
        return None
    try:
        who = json.loads((folder / NAME).read_text())
        return int(who["pid"]) if who["host"] == os.uname().nodename else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _holder(file: int) -> str:
    try:
        who = json.loads(os.pread(file, 1000, 0))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"
