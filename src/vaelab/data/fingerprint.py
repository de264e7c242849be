"""What data were, in a few bytes: to tell when a run is given others."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor

from vaelab.data.image_data import ImageData
from vaelab.data.split import SPLITS

# of a split that is larger, so many bytes of images spread over it are looked at: hashing takes a second a gigabyte
MOST = 32 << 20


def fingerprint(data: ImageData) -> dict[str, Any]:
    """{split: {"images", "shape" [C, H, W], "dtype", "hash", "looked_at": of how many images the hash is}}."""
    return {split: _of(data.split(split)) for split in SPLITS}


def data_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what two fingerprints differ, in words; [] where they do not."""
    known = [split for split in SPLITS if isinstance(before.get(split), Mapping)]
    return [words for split in known if (words := _change(split, {**now[split], **before[split]}, now[split]))]


def _of(x: Tensor) -> dict[str, Any]:
    n, *shape = x.shape
    looked_at = min(n, max(1, MOST // x[0].nbytes))
    some = x if looked_at == n else x[torch.linspace(0, n - 1, looked_at).long()]
    digest = blake2b(some.contiguous().numpy().data, digest_size=16).hexdigest()
    dtype = str(x.dtype).removeprefix("torch.")
    return {"images": n, "shape": shape, "dtype": dtype, "hash": digest, "looked_at": looked_at}


def _change(split: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    for key, unit in (("images", " images"), ("shape", ""), ("dtype", "")):
        if before[key] != now[key]:
            return f"{split} split {before[key]} → {now[key]}{unit}"
    if before["hash"] == now["hash"] or before["looked_at"] != now["looked_at"]:
        return ""
    sampled = now["looked_at"] < now["images"]
    return f"{split} split of other pixels" + (f" (of {now['looked_at']} images looked at)" if sampled else "")
