"""The parts of a run that was resumed: where each began, what was typed for it, what it ran on, of what data."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

import vaelab
from vaelab.atomic import write_atomically
from vaelab.config.paths import CONF
from vaelab.data.fingerprint import data_changes
from vaelab.errors import DataError
from vaelab.readable import read_lines
from vaelab.told import typed

NAME = "segments.jsonl"
# what decides how numbers are rounded; code that is another may or may not
_ROUNDS = ("torch", "lightning", "device", "cpu", "threads", "processes", "precision", "deterministic")
_CODE = ("vaelab", "commit")


def machine(trainer: pl.Trainer) -> dict[str, Any]:
    """What a run of `trainer` runs on, as far as its bits hang on it."""
    device = trainer.strategy.root_device
    return {
        "vaelab": vaelab.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "lightning": pl.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "processes": trainer.num_devices * trainer.num_nodes,
        "precision": str(trainer.precision),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def begin_segment(
    folder: Path, step: int, overrides: Sequence[str], on: Mapping[str, Any], data: Mapping[str, Any]
) -> None:
    """Add a line to segments.jsonl: {"segment" from 1, "from_step", "overrides", "machine", "data"}."""
    before = read_lines(folder / NAME)
    about = {"segment": len(before) + 1, "from_step": step, "overrides": list(overrides), "machine": on, "data": data}
    text = "".join(json.dumps(line) + "\n" for line in [*before, about])
    write_atomically(folder / NAME, lambda file: file.write(text.encode()))


def other_machine(folder: Path, on: Mapping[str, Any]) -> str | None:
    """A note where a run last ran on something else; None where it did not, or that is not known."""
    before = _last(folder, "machine")
    differ = [key for key in (*_ROUNDS, *_CODE) if key in before and before[key] != on[key]]
    if not differ:
        return None
    told = ", ".join(f"{key} {before[key]} → {on[key]}" for key in differ)
    return f"note: {told}: training goes on, but {'' if set(differ) & set(_ROUNDS) else 'perhaps '}not bit by bit"


def other_data(folder: Path, data: Mapping[str, Any]) -> str | None:
    """What is said where the data are others than a run last had."""
    differ = data_changes(_last(folder, "data"), data)
    return f"the data have changed since this run began: {', '.join(differ)}" if differ else None


def refuse_other_data(folder: Path, data: Mapping[str, Any]) -> None:
    """Raise DataError where the data are others than a run last had."""
    if words := other_data(folder, data):
        fork = f"vaelab train {typed('fork', folder)}"
        raise DataError(f"{words}. Give it the data that it had, or begin a new run from its weights: {fork}")


def _last(folder: Path, key: str) -> dict[str, Any]:
    """The newest of what segments.jsonl says; {} for a run of before there was one."""
    found = [line[key] for line in read_lines(folder / NAME) if isinstance(line.get(key), dict)]
    return found[-1] if found else {}


@cache
def _commit() -> str | None:
    """The commit of a clone, with -dirty where files differ from it; None for an installed package."""
    if not (CONF.parent / ".git").exists():
        return None
    command = ["git", "-C", str(CONF.parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
