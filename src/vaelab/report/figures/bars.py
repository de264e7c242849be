"""Bars with their standard errors: the shape of most figures of a trained model."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from vaelab.report.figures.style import GREY, canvas, colour, errors, plain


class Bar(NamedTuple):
    """One bar in nats: its value and its standard error, NaN where that is not known.

    `cut`: the number of images cut it short, so that it is a lower bound or nothing at all: grey and hatched.
    """

    name: str
    value: float
    stderr: float
    cut: bool = False


def bars(groups: Mapping[str, Sequence[Bar]], x: str = "nats an image") -> go.Figure:
    """Lying bars, the first on top. Each group has its colour."""
    rows = max((len(group) for group in groups.values()), default=0)
    figure = canvas(x, height=90 + 20 * rows * (1 + len(groups)), barmode="group")
    for i, (name, group) in enumerate(groups.items()):
        unsure = [bar.stderr if bar.stderr == bar.stderr else None for bar in group]
        figure.add_bar(
            orientation="h", name=plain(name), y=[plain(bar.name) for bar in group], x=[bar.value for bar in group],
            error_x=errors(unsure), marker=_marker(group, colour(i)), customdata=unsure, showlegend=len(groups) > 1,
            hovertemplate="%{y}: %{x:.3f} ± %{customdata:.3f}<extra>" + plain(name) + "</extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(zeroline=True)
    return figure


def _marker(group: Sequence[Bar], code: str) -> dict[str, Any]:
    if not any(bar.cut for bar in group):
        return {"color": code}
    hatched = {"shape": ["/" if bar.cut else "" for bar in group], "size": 6, "solidity": 0.4}
    return {"color": [GREY if bar.cut else code for bar in group], "pattern": hatched}
