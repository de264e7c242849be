"""Every run of a sweep as one line through its settings and figures."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import LOW_TO_HIGH, canvas, plain
from vaelab.report.read import number
from vaelab.report.sweep import Row
from vaelab.report.words import count, sentence

MOST_AXES = 9
SHOWN = ("reconstruction", "kl", "active", "information", "elbo")


def parallel(rows: list[Row]) -> Drawn | None:
    """Parallel coordinates, coloured by elbo. None for fewer than two runs."""
    shown = [row for row in rows if "elbo" in row.figures]
    if len(shown) < 2:
        return None
    names = [name for name in shown[0].settings if all(name in row.settings for row in shown)]
    axes = [_setting(name, [row.settings[name] for row in shown]) for name in names[: MOST_AXES - len(SHOWN)]]
    for key in SHOWN:
        if all(key in row.figures for row in shown):
            axes.append({"label": key, "values": [row.figures[key][0] for row in shown], "tickformat": ".4~g"})
    elbos = [row.figures["elbo"][0] for row in shown]
    figure = canvas(height=400, margin={"l": 70, "r": 50, "t": 60, "b": 30})
    figure.add_parcoords(
        dimensions=axes, line={"color": elbos, "colorscale": LOW_TO_HIGH, "showscale": False}, labelside="top",
        name="runs",
    )  # fmt: skip
    words = sentence(
        f"{count(len(shown), 'run')}, one line each: blue has a high elbo, orange a low one",
        "drag along an axis to keep some runs, drag a name to move its axis; the table above says the same in numbers",
    )
    return Drawn("parallel", "Settings and figures together", figure, words, wide=True)


def _setting(name: str, values: list[Any]) -> dict[str, Any]:
    """A numeric axis where all values are numbers, else one place for each word."""
    label = plain(name)  # ticks are drawn as they are, and no HTML
    ticks = sorted(set(values), key=lambda v: (number(v) is None, number(v) or 0, str(v)))
    if all(number(value) is not None for value in values):
        return {"label": label, "values": values, "tickvals": ticks[:8], "ticktext": [f"{v:g}" for v in ticks[:8]]}
    places = {value: i for i, value in enumerate(ticks)}
    return {
        "label": label, "values": [places[value] for value in values], "tickvals": list(places.values()),
        "ticktext": [str(value)[:24] for value in ticks],
    }  # fmt: skip
