"""Curves over the steps of a run."""

from collections.abc import Mapping

import plotly.graph_objects as go

from vaelab.report.figures.style import canvas, colour, dash, plain
from vaelab.report.record import Series


def lines(series: Mapping[str, Series], y: str, fine: tuple[str, ...] = (), height: int = 340) -> go.Figure:
    """One line for each name. Those of `fine` are thin: many noisy points behind the others."""
    figure = canvas("step", y, height, hovermode="x unified")
    for i, (name, one) in enumerate(series.items()):
        thin = name in fine
        figure.add_scatter(
            x=one.step, y=one.value, customdata=one.epoch, name=plain(name),
            mode="lines" if thin or len(one) > 1 else "markers",
            line={"color": colour(i), "width": 1.2 if thin else 2.4, "dash": dash(i)}, opacity=0.75 if thin else 1,
            hovertemplate="%{y:.2f} (epoch %{customdata})",
        )  # fmt: skip
    return figure
