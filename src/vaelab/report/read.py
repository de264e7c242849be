"""Reading what a run left behind: a run may still be writing, or have died while it wrote."""

import math
from pathlib import Path
from typing import Any

from vaelab.printable import printable
from vaelab.readable import read_json


def read_stopped(folder: Path) -> dict[str, Any]:
    """FAILED.json, {"error", "code", …}, or STOPPED.json, which a signal's handler leaves: {"signal", "step", "epoch"};
    {} of a run that went on since."""
    begun, done = _time(folder / "config.json"), _time(folder / "DONE.json")
    found = {folder / name: _time(folder / name) for name in ("FAILED.json", "STOPPED.json")}
    newest = max(found, key=lambda path: found[path])
    return read_json(newest) if found[newest] > done and found[newest] >= begun else {}


def stopped_words(stopped: dict[str, Any]) -> str:
    """'stopped at step 165 by SIGINT', or 'failed: <why>', as far as it is known."""
    if error := stopped.get("error"):
        return f"failed: {printable(str(error).partition(chr(10))[0])}"
    step, signal = number(stopped.get("step")), stopped.get("signal")
    by = f" by {printable(str(signal))}" if signal else ""
    return "stopped" + (f" at step {step:.0f}" if step is not None else "") + by


def number(value: Any) -> float | None:
    """A finite number, or None: NaN, null, words, true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def figure(value: Any) -> tuple[float, float] | None:
    """(mean, standard error) of {"value", "stderr"}; an error that is not known is NaN. None when there is no mean."""
    if not isinstance(value, dict) or (mean := number(value.get("value"))) is None:
        return None
    error = number(value.get("stderr"))
    return mean, math.nan if error is None else error


def numbers(values: Any) -> list[float | None]:
    """A list of finite numbers or None; [] when it is no list."""
    return [number(value) for value in values] if isinstance(values, list) else []


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
