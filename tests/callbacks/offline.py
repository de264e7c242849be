"""What a wandb run wrote offline, read back with wandb's own records (its log is LevelDB's: 32 KiB blocks)."""

import struct
import time
import zlib
from pathlib import Path
from typing import Any

BLOCK, HEAD = 32768, 7


def records(folder: Path, seconds: float = 20.0) -> list[Any]:
    """Every record of the one offline run in `folder`/wandb, which has been told to finish.

    Its writer is a process of its own, and may still be at it: the last record is the one called exit.
    """
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    until = time.monotonic() + seconds
    while True:
        found = _read(file.read_bytes())
        if any(record.WhichOneof("record_type") == "exit" for record in found):
            return found
        assert time.monotonic() < until, f"{file} has no end"
        time.sleep(0.05)


def _read(raw: bytes) -> list[Any]:
    """The whole records of a log, up to where it breaks off."""
    from wandb.proto import wandb_internal_pb2

    at, parts, found = HEAD, b"", []
    while at + HEAD <= len(raw):
        if BLOCK - at % BLOCK < HEAD:
            at += BLOCK - at % BLOCK
            continue
        crc, size, kind = struct.unpack_from("<IHB", raw, at)
        data = raw[at + HEAD : at + HEAD + size]
        if len(data) < size or zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc:
            break
        at += HEAD + size
        parts = data if kind in (1, 2) else parts + data  # 1 whole, 2 first, 3 middle, 4 last
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            found.append(record)
    return found
