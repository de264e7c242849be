"""Whether two run folders hold the same, bit by bit: python scripts/compare_runs.py <folder> <folder>"""

import sys
from pathlib import Path
from typing import Any

import torch

from vaelab.training import store


def difference(a: Path, b: Path) -> str | None:
    """The first thing in which two run folders differ, bit by bit; None when they are the same."""
    for name in ("history.jsonl", "units.jsonl", "metrics.csv", "evaluation.json"):
        mine, other = ((folder / name).read_text().replace(str(folder), "") for folder in (a, b))
        if mine != other:
            return name
    for name in ("last.ckpt", "best.ckpt", "alive.ckpt"):
        paths = [folder / "checkpoints" / name for folder in (a, b)]
        if len({path.exists() for path in paths}) == 2:
            return f"{name} in one alone"
        if paths[0].exists() and (where := _differs(*(store.load(path) for path in paths))):
            return f"{name}: {where}"
    return None


def _differs(a: Any, b: Any, where: str = "") -> str | None:
    if isinstance(a, torch.Tensor):
        same = isinstance(b, torch.Tensor) and a.dtype == b.dtype and a.shape == b.shape
        return None if same and _bytes(a) == _bytes(b) else where
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return f"{where}: keys"
        # Lightning's count of zero_grad, which the lean loop leaves alone after its first step, has no effect
        keys = [key for key in a if key != "zero_grad"]
        return next((d for key in keys if (d := _differs(a[key], b[key], f"{where}.{key}"))), None)
    if isinstance(a, list | tuple):
        if len(a) != len(b):
            return f"{where}: length"
        return next((d for i in range(len(a)) if (d := _differs(a[i], b[i], f"{where}[{i}]"))), None)
    return None if type(a) is type(b) and repr(a) == repr(b) else f"{where}: {a} {b}"


def _bytes(x: torch.Tensor) -> bytes:
    """Not by ==, to which 0 is -0 and no NaN is itself."""
    return x.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes() if x.numel() else b""


if __name__ == "__main__":
    differs = difference(*map(Path, sys.argv[1:3]))
    print(differs or "the same")
    sys.exit(differs is not None)
