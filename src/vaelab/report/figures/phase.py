"""The phase diagram: what becomes of the layers over two settings."""

from statistics import fmean
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from vaelab.report.cap import marks as cap_marks
from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import SCALE, canvas, plain
from vaelab.report.read import number
from vaelab.report.sweep import Row, values_of
from vaelab.report.words import sentence, told, value

MEASURES = {
    "active": ("Active units", "share of units"), "information": ("Information", "nats"),
    "marginal_kl": ("Marginal KL", "nats"), "elbo": ("ELBO", "nats"),
}  # fmt: skip
MOST_VALUES, MOST_FACETS = 16, 4


def phase(rows: list[Row]) -> list[Drawn]:
    """A heat-map of each measure over two settings, side by side for the values of a third; [] with fewer than two.

    Runs that agree in all three are averaged.
    """
    shown = [row for row in rows if row.figures and row.settings]
    x, y, facet = axes_of(shown)
    if x is None or y is None:
        return []
    known = {measure: [row for row in shown if measure in row.figures] for measure in MEASURES}
    return [_map(measure, some, x, y, facet) for measure, some in known.items() if some]


def axes_of(rows: list[Row]) -> tuple[str | None, str | None, str | None]:
    """x, y and the facet: settings with the fewest values last; the depth L, if it differs, is the facet."""
    names = [name for name in rows[0].settings if all(name in row.settings for row in rows)] if rows else []
    names = [name for name in names if len(values_of(rows, name)) <= MOST_VALUES and name != "seed"]
    numeric = [name for name in names if all(number(row.settings[name]) is not None for row in rows)]
    plane = sorted((n for n in numeric if n != "L"), key=lambda n: -len(values_of(rows, n)))
    plane += [name for name in names if name not in plane and name != "L"]
    if len(plane) < 2:
        plane += [name for name in ("L",) if name in names]
    others = [name for name in ("L", *plane[2:]) if name in names and name not in plane[:2]]
    x, y, facet = [*plane[:2], None, None][:2] + [*others, None][:1]
    return x, y, facet


def _map(measure: str, rows: list[Row], x: str, y: str, facet: str | None) -> Drawn:
    facets = values_of(rows, facet)[:MOST_FACETS] if facet else [None]
    title, unit = MEASURES[measure]
    across, up = values_of(rows, x), values_of(rows, y)
    titles = [plain(f"{facet} = {value(one)}") for one in facets] if facet else None
    grid = make_subplots(rows=1, cols=len(facets), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.06)
    groups = [[row for row in rows if facet is None or row.settings[facet] == here] for here in facets]
    places = [[{x: a, y: b} for a in across] for b in up]
    cells = [[[_cell(some, measure, at) for at in line] for line in places] for some in groups]
    marks = [[[_mark(some, measure, at) for at in line] for line in places] for some in groups]
    values = [cell for group in cells for line in group for cell in line if cell is not None]
    written = len(across) * len(facets) <= 12  # in the cells; of more the scale tells
    names = [plain(value(a)) for a in across], [plain(value(b)) for b in up]
    for column, (group, signs) in enumerate(zip(cells, marks, strict=True), 1):
        grid.add_heatmap(
            x=names[0], y=names[1], z=group, row=1, col=column, coloraxis="coloraxis",
            customdata=signs,
            hovertemplate=f"{plain(x)} %{{x}}, {plain(y)} %{{y}}: %{{customdata}}%{{z:.3f}} {unit}<extra></extra>",
        )  # fmt: skip
        if written:
            _write(grid, group, signs, *names, column, values)
    base = canvas(height=170 + 46 * len(up)).layout.to_plotly_json()
    base.pop("xaxis"), base.pop("yaxis")
    grid.update_layout(**base)
    grid.update_layout(
        margin={"l": 64, "r": 12, "t": 36 if facet else 14, "b": 52},
        coloraxis={
            "colorscale": SCALE,
            "showscale": not written,
            "cmin": min(values),
            "cmax": max(values),
            "colorbar": {"thickness": 14},
        },
    )
    grid.update_xaxes(type="category", showgrid=False)
    grid.update_xaxes(title_text=plain(x), title_font_size=13, col=1 + len(facets) // 2)
    grid.update_yaxes(type="category", showgrid=False)
    grid.update_yaxes(title_text=plain(y), title_font_size=13, col=1)
    lowest, highest = (choose(rows, key=lambda row: row.figures[measure][0]) for choose in (min, max))
    low, high = lowest.figures[measure][0], highest.figures[measure][0]
    least = f"{unit}, from {told(low)} at {_where(lowest, x, y, facet)}"
    most = f"{told(high)} at {_where(highest, x, y, facet)}"
    words = sentence(
        f"{least} to {most}" if low < high else f"{told(low)} {unit} everywhere",
        cap_marks((row.cap for row in rows if row.bound(measure)), measure),
    )
    return Drawn(f"phase-{measure}", f"{title} over {x} and {y}", grid, words)


def _write(
    grid: go.Figure,
    cells: list[list[float | None]],
    signs: list[list[str]],
    x: list[str],
    y: list[str],
    column: int,
    values: list[float],
) -> None:
    """The number in each cell: black on bright, white on dark, 4.5:1 or better but for a narrow band."""
    known = [
        (a, b, cell, sign)
        for b, line, of_line in zip(y, cells, signs, strict=True)
        for a, cell, sign in zip(x, line, of_line, strict=True)
        if cell is not None
    ]
    low, high = min(values), max(values)
    share = [(cell - low) / (high - low) if high > low else 0.0 for _, _, cell, _ in known]
    grid.add_scatter(
        x=[one[0] for one in known], y=[one[1] for one in known], mode="text",
        text=[f"{sign}{told(cell)}" for _, _, cell, sign in known],
        textfont={"color": ["#000000" if s > 0.45 else "#ffffff" for s in share]}, hoverinfo="skip", showlegend=False,
        row=1, col=column,
    )  # fmt: skip


def _cell(rows: list[Row], measure: str, at: dict[str, Any]) -> float | None:
    found = [row.figures[measure][0] for row in rows if all(row.settings[k] == v for k, v in at.items())]
    return fmean(found) if found else None


def _mark(rows: list[Row], measure: str, at: dict[str, Any]) -> str:
    """'≥ ' or '≤ ' where a run of the cell is within a nat of log n."""
    signs = {row.bound(measure) for row in rows if all(row.settings[k] == v for k, v in at.items())} - {""}
    return f"{signs.pop()} " if signs else ""


def _where(row: Row, *names: str | None) -> str:
    return ", ".join(f"{name} {value(row.settings[name])}" for name in names if name)
