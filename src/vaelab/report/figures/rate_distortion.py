"""Rate against distortion over a sweep."""

import math

import plotly.graph_objects as go

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import PALETTE, SYMBOLS, canvas, errors, plain
from vaelab.report.sweep import Row, values_of
from vaelab.report.words import count, sentence, told
from vaelab.report.words import value as told_value


def rate_distortion(rows: list[Row]) -> Drawn | None:
    """x: rate, the kl. y: distortion, -reconstruction. Along a dashed line the elbo is the same (Alemi et al. 2018).

    The first setting that differs is the colour, the second the symbol.
    """
    shown = [row for row in rows if "kl" in row.figures and "reconstruction" in row.figures]
    if len(shown) < 2:
        return None
    figure = canvas("rate: kl, nats an image", "distortion: −reconstruction, nats an image", 460)
    _equal_elbos(figure, shown)
    names = [name for name in shown[0].settings if all(name in row.settings for row in shown)]
    first, second = [*names, None, None][:2]
    for i, value in enumerate(_values(shown, first)):
        for j, other in enumerate(_values(shown, second)):
            some = [row for row in shown if _has(row, first, value) and _has(row, second, other)]
            if not some:
                continue
            label = ", ".join(f"{k} {told_value(v)}" for k, v in ((first, value), (second, other)) if k)
            unsure = [row.figures["kl"][1] for row in some], [row.figures["reconstruction"][1] for row in some]
            figure.add_scatter(
                x=[row.figures["kl"][0] for row in some], y=[-row.figures["reconstruction"][0] for row in some],
                error_x=errors(_known(unsure[0])), error_y=errors(_known(unsure[1])),
                mode="markers", name=plain(label or "runs"), text=[plain(_label(row)) for row in some],
                marker={"size": 11, "color": PALETTE[i % len(PALETTE)], "symbol": SYMBOLS[j % len(SYMBOLS)]},
                hovertemplate="%{text}<br>rate %{x:.2f}, distortion %{y:.2f}<extra></extra>",
            )  # fmt: skip
    best = max(shown, key=_elbo)
    words = sentence(
        f"{count(len(shown), 'run')}; the best elbo, {told(_elbo(best))} nats, has {_label(best)}",
        "along a dashed line the elbo is the same, and it is higher to the lower left",
        f"colour is {first}" + (f", symbol {second}" if second else "") if first else None,
    )
    return Drawn("rate-distortion", "Every run between its two costs", figure, words)


def _equal_elbos(figure: go.Figure, shown: list[Row]) -> None:
    rates = [row.figures["kl"][0] for row in shown]
    elbos = sorted(_elbo(row) for row in shown)
    room = 0.08 * (max(rates) - min(rates) or 1)
    ends = [max(0.0, min(rates) - room), max(rates) + room]
    figure.update_xaxes(range=[ends[0] - room / 2, ends[1] + room / 2])
    values, decimals = _round_values(elbos[0], elbos[-1])
    for elbo in values:
        figure.add_scatter(
            x=ends, y=[-elbo - rate for rate in ends], mode="lines+text", showlegend=False, hoverinfo="skip",
            line={"width": 1, "dash": "dash", "color": "#8793a1"},
            text=["", told(elbo, decimals)], textposition="bottom left", textfont={"size": 11},
        )  # fmt: skip


def _round_values(low: float, high: float) -> tuple[list[float], int]:
    """Two to six values, `low` and `high` between them, that can be read; and their decimals."""
    if high <= low:
        return [low], 2
    least = (high - low) / 4
    power = math.floor(math.log10(least))
    step = next(n * 10.0**power for n in (1, 2, 5, 10) if n * 10.0**power >= least)
    values = [k * step for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return values, max(0, -math.floor(math.log10(step)))


def _elbo(row: Row) -> float:
    return row.figures["reconstruction"][0] - row.figures["kl"][0]


def _values(rows: list[Row], name: str | None) -> list[object]:
    """Of one setting, in order."""
    return [None] if name is None else values_of(rows, name)


def _has(row: Row, name: str | None, value: object) -> bool:
    return name is None or row.settings[name] == value


def _label(row: Row) -> str:
    return f"run {row.name}" + "".join(
        f", {name} {told_value(value)}" for name, value in list(row.settings.items())[:4]
    )


def _known(values: list[float]) -> list[float | None]:
    return [value if value == value else None for value in values]
