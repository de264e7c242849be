"""The signs that figures are drawn with, in Unicode or in ASCII."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """`bars` rise from nothing to full; `braille`: whether a cell can hold 2×4 dots."""

    bars: str
    braille: bool
    arrow: str
    more: str
    axis: str
    corner: str
    floor: str
    below: str

    def ending(self, text: str, room: int) -> str:
        """`text`, or where `room` is too little for it as much of its end as fits."""
        return text if len(text) <= room else (self.more + text[len(text) - max(room - len(self.more), 0) :])[-room:]


UNICODE = Glyphs("▁▂▃▄▅▆▇█", True, "←", "…", "│", "└", "─", "≤")
ASCII = Glyphs("_.:-=+*#", False, "<-", "...", "|", "+", "-", "<=")


def glyphs(encoding: str, ascii_only: bool = False) -> Glyphs:
    """ASCII where the output's `encoding` is not UTF-8, on the console that has no fonts, or where it is asked for."""
    plain = os.environ.get("TERM") in ("linux", "dumb")
    return UNICODE if encoding.lower().startswith("utf") and not ascii_only and not plain else ASCII
