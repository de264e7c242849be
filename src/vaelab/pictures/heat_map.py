"""Matrices as colours: what every unit of a layer did from epoch to epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

DPI = 100
# pixels: a unit is so high and an epoch so wide, within these limits of a panel
CELL = 14
WIDTHS, HEIGHTS = (220, 640), (110, 900)
LEFT, BELOW, ABOVE = 60, 45, 55
BAR, BESIDE = 12, 95  # a scale, and a panel's right edge to the next panel


class Panel(NamedTuple):
    """A matrix [units][epochs] of numbers, 0 or above, and the words above it and beside its scale.

    Colours go with the logarithm down to `floor`: units differ by orders of magnitude. With a `line`, the value at
    which something turns is marked on the scale.
    """

    title: str
    scale: str
    values: Sequence[Sequence[float]]
    floor: float
    line: float | None = None


def write_heat_map(path: Path, title: str, epochs: Sequence[int], panels: Sequence[Panel], pooled: int = 1) -> Path:
    """The panels side by side, unit 1 on top, epochs counted from 1 as in every message.

    `pooled` is how many units a row stands for.
    """
    # not pyplot: no global state, no window system
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    rows, columns = len(panels[0].values), len(epochs)
    w, h = _within(CELL * columns, WIDTHS), _within(CELL * rows, HEIGHTS)
    width, height = LEFT + len(panels) * (w + BESIDE), BELOW + h + ABOVE
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.text(10 / width, 1 - 10 / height, title, fontsize=10, va="top")
    for i, panel in enumerate(panels):
        # places in pixels, which a layout engine would take longer to find than all the rest
        left = LEFT + i * (w + BESIDE)
        axis = figure.add_axes((left / width, BELOW / height, w / width, h / height))
        beside = figure.add_axes(((left + w + 8) / width, BELOW / height, BAR / width, h / height))
        highest = max(10 * panel.floor, *(value for row in panel.values for value in row))
        shown = [[max(value, panel.floor) for value in row] for row in panel.values]
        # a column is a validation, which need not come every epoch
        edges = (0.5, columns + 0.5, rows - 0.5, -0.5)
        norm = LogNorm(panel.floor, highest)
        drawn = axis.imshow(shown, norm=norm, cmap="viridis", aspect="auto", interpolation="nearest", extent=edges)
        axis.set_title(panel.title, fontsize=9)
        axis.set_xlabel("epoch", fontsize=9)
        axis.set_ylabel(("unit" if pooled == 1 else f"group of {pooled} units") if i == 0 else "", fontsize=9)
        axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axis.yaxis.set_major_locator(MaxNLocator(12, integer=True))
        axis.yaxis.set_major_formatter(lambda at, _: f"{round(at) + 1}")
        axis.xaxis.set_major_formatter(lambda at, _: str(epochs[round(at) - 1] + 1) if 1 <= at <= columns else "")
        bar = figure.colorbar(drawn, cax=beside)
        bar.set_label(panel.scale, fontsize=8)
        for ticks in (axis, beside):
            ticks.tick_params(labelsize=8)
        if panel.line is not None and panel.floor < panel.line < highest:
            beside.axhline(panel.line, color="red", linewidth=1.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    return path


def _within(pixels: int, limits: tuple[int, int]) -> int:
    return min(max(pixels, limits[0]), limits[1])
