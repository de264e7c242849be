"""How every figure looks. Text and grid have no colour here: the page gives them that of its theme."""

from html import escape
from typing import Any

import plotly.graph_objects as go

# each at least 3:1 on the white page and on the dark one, and apart for those who see no red or no green
PALETTE = ("#2f7fc1", "#d1601f", "#0f9474", "#b05aa0", "#a07d00", "#7a6fd0", "#c94f5d", "#6f7f8f")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star")
SCALE = "Viridis"  # dark is low: even in brightness, and the same for the colour-blind
LOW_TO_HIGH = ((0, "#d1601f"), (0.5, "#8f8a86"), (1, "#2f7fc1"))  # lines are seen on both pages at every value
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
GREY = "#8793a1"  # of what is not sure
CLEAR = "rgba(0,0,0,0)"


def canvas(x: str = "", y: str = "", height: int = 340, **layout: Any) -> go.Figure:
    """An empty figure with named axes, see-through, as wide as its place."""
    figure = go.Figure()
    figure.update_layout(
        template=go.layout.Template(), height=height, autosize=True, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        colorway=PALETTE, font={"family": FONT, "size": 13}, margin={"l": 64, "r": 18, "t": 14, "b": 52},
        hovermode="closest", legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip
    figure.update_xaxes(title_text=x, showline=True, ticks="outside", zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y, zeroline=False, automargin=True)
    figure.update_xaxes(title_font_size=13)
    figure.update_yaxes(title_font_size=13)
    figure.update_layout(**layout)
    return figure


def plain(text: Any) -> str:
    """A name as a label shows it: plotly reads labels as HTML."""
    return escape(str(text))


def colour(i: int) -> str:
    return PALETTE[i % len(PALETTE)]


def dash(i: int) -> str:
    """Lines are told apart by more than their colour once colours come again."""
    return DASHES[(i // len(PALETTE)) % len(DASHES)]


def errors(stderr: list[float | None]) -> dict[str, Any]:
    """Error bars of one standard error."""
    return {"type": "data", "array": stderr, "thickness": 1.4, "width": 4}
