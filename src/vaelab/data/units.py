"""The units x can have, and the transform that gives them. Imports nothing heavy: config checks use it.

binary       0 or 1
unit         a grey value scaled to [0, 1]
dequantised  (byte + u) / 256 with u uniform in [0, 1): a density on it bounds the probability of the byte
byte         0 … 255, as they are
real         any real number
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vaelab.errors import ConfigError

Units = Literal["binary", "unit", "dequantised", "byte", "real"]
Transform = Literal["auto", "none", "scaling", "dynamic_binarisation", "static_binarisation", "dequantisation"]


@dataclass(frozen=True)
class Values:
    """What a source holds: bytes, or floats between `low` and `high`, or only zeros and ones."""

    kind: Literal["bytes", "floats"]
    low: float = 0.0
    high: float = 255.0
    only_zeros_and_ones: bool = False

    def __str__(self) -> str:
        return "bytes 0..255" if self.kind == "bytes" else f"floats from {self.low:.3g} to {self.high:.3g}"


BYTES = Values("bytes")


def offered(values: Values) -> dict[Transform, tuple[Units, ...]]:
    """Each transform these values allow, and the units x has after it."""
    if values.kind == "bytes":
        return {
            "none": ("byte",),
            "scaling": ("unit",),
            "dynamic_binarisation": ("binary",),
            "static_binarisation": ("binary",),
            "dequantisation": ("dequantised",),
        }
    if values.only_zeros_and_ones:
        return {"none": ("binary", "unit", "real")}
    if values.low >= 0 and values.high <= 1:
        return {
            "none": ("unit", "real"),
            "dynamic_binarisation": ("binary",),
            "static_binarisation": ("binary",),
        }
    return {"none": ("real",)}


def choose(
    transform: Transform, takes: Sequence[str], values: Values, data: str, likelihood: str
) -> tuple[Transform, Units]:
    """The transform to use and the units it gives, for a likelihood that takes `takes` (best first).

    `auto` takes the first units that the values offer. Raises ConfigError naming both sides.
    """
    table = offered(values)
    if transform != "auto" and transform not in table:
        raise ConfigError(
            f"data.transform={transform} is not possible on {data}: it holds {values}. "
            f"Possible: {', '.join(table)}, or auto."
        )
    candidates = table if transform == "auto" else {transform: table[transform]}
    for wanted in takes:
        for name, units in candidates.items():
            for unit in units:
                if unit == wanted:
                    return name, unit
    given = sorted({u for units in candidates.values() for u in units})
    raise ConfigError(
        f"likelihood={likelihood} takes x in units {' or '.join(takes)}, but data={data} ({values}) "
        f"with data.transform={transform} gives {' or '.join(given)}. "
        "Choose another likelihood, another data.transform, or data in those units."
    )
