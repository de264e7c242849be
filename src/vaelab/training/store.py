"""Checkpoint files: written whole or not at all, checked when read, tensors and plain containers alone."""

import errno
import hashlib
import json
import os
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import torch
from pytorch_lightning.plugins.io import CheckpointIO

from vaelab.atomic import put_json, sync, written_beside
from vaelab.errors import CheckpointError
from vaelab.training.together import everyone

# a disk that takes no more: what is on it stays good, and training can go on for a while
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _Hashing:
    """A file that is hashed as it is written, and keeps the error of a write."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.bytes = file, hashlib.sha256(), 0
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


def save(content: dict[str, Any], path: Path) -> None:
    """The checkpoint, then its manifest `<path>.json` (sha256, bytes): without a manifest it does not exist.

    Neither takes its place before there is room for both.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, Any] = {}

    def write(file: BinaryIO) -> None:
        hashing = _Hashing(file)
        try:
            torch.save(content, hashing)  # type: ignore[arg-type]
        except RuntimeError:
            # torch's writer says "unexpected pos" of a full disk
            if hashing.error is not None:
                raise hashing.error from None
            raise
        manifest.update(sha256=hashing.digest.hexdigest(), bytes=hashing.bytes, step=content.get("global_step"))
        manifest.update(epoch=content.get("epoch"), processes=content.get("processes"))

    with (
        written_beside(path, write) as whole_file,
        written_beside(_manifest(path), partial(put_json, manifest)) as whole_manifest,
    ):
        os.replace(whole_file, path)
        os.replace(whole_manifest, _manifest(path))
    sync(path.parent)


def load(path: Path, device: str | torch.device = "cpu") -> dict[str, Any]:
    """A checkpoint whose size and hash are those of its manifest. Raises CheckpointError, which names the file."""
    verify(path)
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{path} is no checkpoint, or holds more than tensors and containers ({type(error).__name__})"
        ) from error


def verify(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint whose size and hash are those that it says. Raises CheckpointError."""
    try:
        manifest: dict[str, Any] = json.loads(_manifest(path).read_text())
        with open(path, "rb") as file:
            good = os.fstat(file.fileno()).st_size == manifest["bytes"]
            good = good and hashlib.file_digest(file, "sha256").hexdigest() == manifest["sha256"]
    except FileNotFoundError as error:
        raise CheckpointError(f"{error.filename} is missing: no whole checkpoint {path.name} there") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error})") from error
    if not good:
        raise CheckpointError(
            f"{path} is damaged: its size or hash is not the one written beside it. "
            "Use the other checkpoint of the run (weights=best or weights=last)."
        )
    return manifest


def whole(path: Path) -> bool:
    """Whether a checkpoint and its manifest are there and agree in size: a look, no more."""
    try:
        size: int = json.loads(_manifest(path).read_text())["bytes"]
        return path.stat().st_size == size
    except (OSError, ValueError, KeyError, TypeError):
        return False


def saved_step(path: Path) -> int | None:
    """The step of a checkpoint that is whole."""
    step: int | None = json.loads(_manifest(path).read_text())["step"]
    return step


def remove(path: Path) -> None:
    """The manifest first: never a manifest without its file."""
    _manifest(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def move(path: Path, to: Path) -> None:
    """A whole checkpoint under another name, over the one there. Stopped halfway, `to` does not exist."""
    remove(to)
    os.replace(path, to)
    os.replace(_manifest(path), _manifest(to))


def _manifest(path: Path) -> Path:
    return path.with_name(path.name + ".json")


class Store(CheckpointIO):
    """The store as Lightning's checkpoint plug-in.

    A save for which the disk has no room is told in a line, and the file before it stays: `failures` in a row so far,
    and the newest one's `failure`.
    """

    def __init__(self) -> None:
        self.failure: OSError | None = None
        self.failures = 0

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        try:
            save(checkpoint, Path(path))
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.failure, self.failures = error, self.failures + 1
            print(f"note: {path} could not be written: {error.strerror}", flush=True)
        else:
            self.failure, self.failures = None, 0

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        # that of the first process, which may have given files another name since
        path = Path(everyone(str(path))[0])
        checkpoint = load(path)
        if not isinstance(checkpoint, dict) or not {"state_dict", "pytorch-lightning_version"} <= set(checkpoint):
            raise CheckpointError(f"{path} is no checkpoint of a model, though a whole file")
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        remove(Path(path))
