"""Folders that cannot be written: told before hours of work where it can be, and after in one line."""

import errno
import os
import re
import traceback
from pathlib import Path

from vaelab.errors import ResourceError

_CODES = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG,
)  # fmt: skip


def refuse_unwritable(folder: Path) -> None:
    """Raise ResourceError when nothing can be written into a run folder, its images/ or checkpoints/."""
    for path in (folder, folder / "images", folder / "checkpoints"):
        if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
            why = "no permission, or a read-only disk" if path.is_dir() else "it is a file"
            raise ResourceError(f"{path} cannot be written: {why}")


def unwritable(error: OSError) -> ResourceError | None:
    """The error in a user's words, where it is one of writing; others keep their traceback."""
    # a folder that cannot be made may lack its parents also when all are asked for, as below /proc
    last = traceback.extract_tb(error.__traceback__)[-1:]
    made = bool(last) and last[0].name in ("mkdir", "makedirs")
    if error.errno not in _CODES and not made:
        return None
    path = error.filename2 or error.filename
    # files are written beside their place, and then put there: see training/store.py
    name = re.sub(r"\.\d+\.tmp$", "", str(path)) if path is not None else "a file"
    return ResourceError(f"{name} cannot be written: {error.strerror}")
