"""Numbers and sentences, told the same way everywhere."""

import math
import re
from collections.abc import Sequence

MINUS = "\u2212"
_NAME = re.compile(r"(z\d|val|train|elbo|kl|iw_bound|log_ratio|β|σ)")


def told(value: float | None, digits: int = 2) -> str:
    """-104.318 as −104.32; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", MINUS) if abs(value) < 1e6 else f"{value:.3g}".replace("-", MINUS)


def with_error(figure: tuple[float, float] | None, digits: int = 2) -> str:
    """−104.32 ± 0.41, the standard error left out where it is not known."""
    if figure is None:
        return "–"
    value, error = figure
    return told(value, digits) + (f"\u00a0±\u00a0{told(error, digits)}" if math.isfinite(error) else "")


def value(setting: object) -> str:
    """A setting as it is typed: 1.0 as 1."""
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def listed(names: Sequence[str], most: int = 12) -> str:
    """'z1, z2 and z3'; of very many the first, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def course(name: str, values: Sequence[float], epochs: Sequence[int]) -> str:
    """How a curve went: 'val elbo rose from −210.1 to −110.4 over epochs 1 to 40'."""
    if not values:
        return f"{name} has no values yet"
    first, last = values[0], values[-1]
    if len(values) == 1:
        return f"{name} is {told(first)} at epoch {epochs[0]}"
    went = "stayed at" if told(first) == told(last) else "rose from" if last > first else "fell from"
    way = told(last) if went == "stayed at" else f"{told(first)} to {told(last)}"
    return f"{name} {went} {way} over epochs {epochs[0]} to {epochs[-1]}"


def sentence(*parts: str | None) -> str:
    """Parts as one line of sentences, each with its stop. A name keeps its small letter."""
    return " ".join(
        (part if _NAME.match(part) else part[0].upper() + part[1:]).rstrip(".") + "." for part in parts if part
    )
