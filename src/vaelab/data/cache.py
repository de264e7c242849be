"""Images decoded once, then mapped from disk: no PNG is opened twice, and all processes share the pages."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from vaelab.data.split import SPLITS, Splits
from vaelab.errors import DataError, ResourceError

# of each split: how many images, and the images [C, H, W] uint8, all of one shape
Decoded = dict[str, tuple[int, Iterable[np.ndarray]]]
VERSION = 1  # raise it whenever the same key would decode to other bytes


def cache_folder() -> Path:
    """$VAELAB_CACHE, or ~/.cache/vaelab."""
    return Path(os.environ.get("VAELAB_CACHE") or Path.home() / ".cache" / "vaelab").expanduser()


def cached(key: dict[str, Any], decode: Callable[[], Decoded], title: str) -> Splits:
    """The three splits [N, C, H, W] uint8 of `decode`, which is called only when no cache has this `key`.

    Each is one .npy, complete from the moment it has its name; one process decodes while others wait. The
    arrays are private maps: writing to them changes no file. `title` is what messages call the data.
    """
    digest = blake2b(json.dumps([VERSION, key], sort_keys=True).encode(), digest_size=12).hexdigest()
    files = {split: cache_folder() / f"{digest}-{split}.npy" for split in SPLITS}
    try:
        found = _map(files)
        if found is None:
            cache_folder().mkdir(parents=True, exist_ok=True)
            with _lock(cache_folder() / f"{digest}.lock"):
                found = _map(files)  # another process may have decoded them while this one waited
                if found is None:
                    for split, (n, images) in decode().items():
                        _write(files[split], n, images, f"{title}: {split}")
                    found = _map(files)
    except OSError as error:
        raise ResourceError(
            f"{title}: the decoded images cannot be kept in {cache_folder()} ({error}). "
            "Make room there, or say another folder with the environment variable VAELAB_CACHE."
        ) from error
    if found is None:
        raise ResourceError(f"{title}: the decoded images in {cache_folder()} cannot be read back")
    return found


def _map(files: dict[str, Path]) -> Splits | None:
    try:
        return {split: np.load(file, mmap_mode="c", allow_pickle=False) for split, file in files.items()}
    except (FileNotFoundError, ValueError, EOFError):  # missing or cut short: to be decoded again
        return None


def _write(file: Path, n: int, images: Iterable[np.ndarray], title: str) -> None:
    """Plain writes rather than a map of the new file: a full disk is then an error and not a SIGBUS."""
    if n == 0:
        raise DataError(f"{title} has no images")
    temporary = file.with_suffix(".tmp")
    try:
        with open(temporary, "wb") as out:
            for i, image in enumerate(_progress(images, n, title)):
                if i == 0:
                    header = {"descr": "|u1", "fortran_order": False, "shape": (n, *image.shape)}
                    np.lib.format.write_array_header_1_0(out, header)
                out.write(image.tobytes())
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _progress(images: Iterable[np.ndarray], n: int, title: str) -> Iterable[np.ndarray]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import track

    console = Console(stderr=True)
    return track(images, f"decoding {escape(title)}", n, console=console, disable=not console.is_terminal)


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Held by one process at a time; let go by the system should that process die."""
    import fcntl

    with open(file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
