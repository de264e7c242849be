"""What each layer costs over a run."""

from vaelab.report.drawn import Drawn
from vaelab.report.figures.lines import lines
from vaelab.report.figures.style import SCALE, canvas, plain
from vaelab.report.record import Record
from vaelab.report.words import course, sentence

MOST_LINES = 8


def layer_terms(record: Record) -> Drawn | None:
    """val/kl/z* or val/log_ratio/z*: lines, or of many layers a map of layer × step."""
    series = {f"{layer} {record.term(layer)}": record.series(_key(record, layer)) for layer in record.layers}
    series = {name: one for name, one in series.items() if one}
    if not series:
        return None
    ends = [course(name, one.value, one.epoch) for name, one in series.items()]
    ratio = any("log_ratio" in name for name in series)
    note = "a log_ratio is no KL: it can be negative, and is not to be compared with one" if ratio else None
    words = sentence(*ends[:4], note)
    if len(series) <= MOST_LINES:
        return Drawn("layer-terms", "What each layer costs", lines(series, "nats an image"), words)
    figure = canvas("step", height=120 + 16 * len(series))
    longest = max(series.values(), key=len)
    figure.add_heatmap(
        z=[one.value for one in series.values()], x=longest.step, y=[plain(name) for name in series],
        colorscale=SCALE, colorbar={"thickness": 14},
        hovertemplate="%{y}, step %{x}: %{z:.2f}<extra></extra>",
    )  # fmt: skip
    return Drawn("layer-terms", "What each layer costs", figure, words)


def _key(record: Record, layer: str) -> str:
    return f"val/{record.term(layer)}/{layer}"
