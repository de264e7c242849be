"""Which layers were alive, and when."""

from itertools import pairwise

from vaelab.diagnostics.collapse import NAMES
from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, plain
from vaelab.report.record import Record, Series
from vaelab.report.words import sentence

COLOURS = ("#0f9474", "#d9a400", "#c0392b")


def collapse(record: Record) -> Drawn | None:
    """collapse/z* of history.jsonl as one coloured band a layer, over epochs."""
    series = {layer: one for layer in record.layers if (one := record.series(f"collapse/{layer}"))}
    if not series:
        return None
    epochs = sorted({epoch for one in series.values() for epoch in one.epoch})
    at = {layer: dict(zip(one.epoch, one.value, strict=True)) for layer, one in series.items()}
    rows = [[at[layer].get(epoch) for epoch in epochs] for layer in series]
    figure = canvas("epoch", height=130 + 34 * len(series))
    # a cell is the time from the check before to this one: n + 1 edges
    edges = [0, *epochs]
    spans = [f"epoch {b}" if b - a == 1 else f"epochs {a + 1} to {b}" for a, b in pairwise(edges)]
    figure.add_heatmap(
        x=edges, y=[plain(layer) for layer in series], z=rows, zmin=-0.5, zmax=2.5, ygap=6, colorscale=_scale(),
        colorbar={"tickvals": [0, 1, 2], "ticktext": list(NAMES), "len": 1, "thickness": 14, "ticks": ""},
        customdata=[[f"{span}: {_word(v)}" for v, span in zip(row, spans, strict=True)] for row in rows],
        hovertemplate="%{y}, %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_xaxes(range=[0, epochs[-1]])
    if epochs[-1] < 12:
        figure.update_xaxes(dtick=1)  # there is no half epoch
    words = sentence(*(f"{layer} {_story(one)}" for layer, one in series.items()))
    return Drawn("collapse", "Alive, fading or collapsed", figure, words)


def state(value: float) -> str:
    """0, 1, 2 as a word."""
    return NAMES[min(max(round(value), 0), 2)]


def _word(value: float | None) -> str:
    return "not known" if value is None else state(value)


def _story(one: Series) -> str:
    turns = [(one.epoch[0], state(one.value[0]))]
    for epoch, value in zip(one.epoch, one.value, strict=True):
        if state(value) != turns[-1][1]:
            turns.append((epoch, state(value)))
    if len(turns) == 1:
        if turns[0][1] == "collapsed":
            return "has not woken up: it was collapsed at every check"
        return f"was {turns[0][1]} at every check"
    return "was " + ", ".join(f"{word} from epoch {epoch}" for epoch, word in turns[-5:])


def _scale() -> list[list[float | str]]:
    steps: list[list[float | str]] = []
    for i, colour in enumerate(COLOURS):
        steps += [[i / 3, colour], [(i + 1) / 3, colour]]
    return steps
