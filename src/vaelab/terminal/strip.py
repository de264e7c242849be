"""A layer's units as a strip of characters."""

import math
from collections.abc import Sequence
from itertools import pairwise

from vaelab.terminal.glyphs import Glyphs


def strip(figures: Sequence[float | None], full: float, width: int, signs: Glyphs) -> str:
    """One character a unit, the largest first, from nothing to `full`. Above `width` units, neighbours share
    one character, which shows their mean. What is not finite counts as nothing."""
    finite = (figure if figure is not None and math.isfinite(figure) else 0.0 for figure in figures)
    ordered = sorted((max(figure, 0.0) for figure in finite), reverse=True)
    if not ordered or width < 1:
        return ""
    cells = min(width, len(ordered))
    edges = [i * len(ordered) // cells for i in range(cells + 1)]
    means = [sum(ordered[a:b]) / (b - a) for a, b in pairwise(edges)]
    top = len(signs.bars) - 1
    return "".join(signs.bars[min(top, int(mean / full * top + 0.5)) if full > 0 else 0] for mean in means)
