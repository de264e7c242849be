"""Two curves over the steps, as a small chart of characters."""

from collections.abc import Sequence
from itertools import pairwise

from rich.text import Text

from vaelab.terminal.canvas import Canvas
from vaelab.terminal.glyphs import Glyphs

Points = Sequence[tuple[float, float]]

LABEL = 9  # characters before the axis


def chart(train: Points, val: Points, width: int, height: int, signs: Glyphs, styles: tuple[str, str]) -> list[Text]:
    """`height` lines of `width` characters: points (step, value), of `train` dotted, of `val` as a line over them.

    No lines where there is one step only, or no room. A tenth of the chart's columns may lie below the axis' lower end
    and run along the bottom edge: the first steps fall so far below all others that these would be a flat line.
    """
    columns, rows = width - LABEL - 2, height - 1
    steps = [step for step, _ in (*train, *val)]
    if columns < 20 or rows < 2 or not steps or min(steps) == max(steps):
        return []
    first, last = min(steps), max(steps)
    canvas = Canvas(columns, rows, signs)
    curves = [resampled(points, first, last, canvas.across) for points in (train, val)]
    low, high, below = _range([value for curve in curves for value in curve if value is not None])

    def y_of(value: float) -> int:
        return round((high - max(value, low)) / (high - low) * (canvas.down - 1))

    dotted, line = curves
    # every second place: the curves can be told apart without colour
    for x, value in list(enumerate(dotted))[::2]:
        if value is not None:
            canvas.dot(x, y_of(value), 0)
    before: int | None = None
    for x, value in enumerate(line):
        if value is not None:
            y = y_of(value)
            for dot in range(min(y, y if before is None else before), max(y, y if before is None else before) + 1):
                canvas.dot(x, dot, 1)
            before = y
    labels = [_short(high), *[""] * (rows - 2), (signs.below if below else "") + _short(low)]
    drawn = canvas.lines("tv", styles)
    out = [Text(f"{label:>{LABEL}} {signs.axis}").append(row) for label, row in zip(labels, drawn, strict=True)]
    ends = f"{first:.0f} ", f" step {last:.0f}"
    floor = signs.floor * (columns - len("".join(ends)))
    return [*out, Text(f"{'':{LABEL}} {signs.corner}{ends[0]}{floor}{ends[1]}")]


def resampled(points: Points, first: float, last: float, n: int) -> list[float | None]:
    """A curve at n places from `first` to `last`: the mean of the points that fall there, a straight line between such
    places, nothing before the first and after the last of them."""
    at: dict[int, list[float]] = {}
    for step, value in points:
        at.setdefault(round((step - first) / (last - first) * (n - 1)), []).append(value)
    known = [(i, sum(values) / len(values)) for i, values in sorted(at.items())]
    out: list[float | None] = [None] * n
    for (i, a), (j, b) in pairwise(known):
        out[i:j] = [a + (b - a) * (k - i) / (j - i) for k in range(i, j)]
    if known:
        out[known[-1][0]] = known[-1][1]
    return out


def _range(values: list[float]) -> tuple[float, float, bool]:
    """The ends of the axis, and whether values lie below it."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[-1]
    if high - low <= 1e-9 * max(1.0, abs(high)):
        return high - 1, high + 1, ordered[0] < high - 1
    return low, high, ordered[0] < low


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 1e5 else f"{value:.3g}"
