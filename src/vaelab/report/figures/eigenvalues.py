"""The spectrum of the data beside the noise that the decoder grants itself."""

import math
from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, colour
from vaelab.report.read import number, numbers
from vaelab.report.words import sentence, told

MOST = 400


def eigenvalues(found: dict[str, Any]) -> Drawn | None:
    """`spectrum` of diagnosis.json: eigenvalues of the data's covariance, σ² as a line (Lucas et al. 2019).

    None for a likelihood without σ²: the data's spectrum alone says nothing of the run.
    """
    values = [value if value is not None and value > 0 else None for value in numbers(found.get("eigenvalues"))]
    sigma2 = number(found.get("sigma2"))
    if not values or sigma2 is None:
        return None
    figure = canvas("eigenvalue, largest first", "variance")
    shown = values[:MOST]
    figure.add_scatter(
        x=list(range(1, len(shown) + 1)), y=shown, mode="lines+markers", marker={"size": 4}, line={"color": colour(0)},
        name="data", showlegend=False, hovertemplate="eigenvalue %{x}: %{y:.4g}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(type="log", exponentformat="power", dtick=1)
    if sigma2 > 0:
        # a log axis takes an annotation at the logarithm, a line at the value
        figure.add_hline(y=sigma2, line={"color": colour(1), "dash": "dash", "width": 2})
        figure.add_annotation(
            x=1, xref="paper", xanchor="right", y=math.log10(sigma2), yanchor="bottom", showarrow=False, text="σ²"
        )
    above, units = found.get("above"), found.get("units")
    words = sentence(
        f"{above} eigenvalues of the data lie above σ² = {told(sigma2, 4)}; the model has {units} units",
        "in a linear VAE the units beyond those are collapsed at the optimum, and no training brings them back",
    )
    return Drawn("eigenvalues", "The data's spectrum and σ²", figure, words)
