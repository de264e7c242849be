"""What reaches each layer of x, from the data up."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure, number
from vaelab.report.words import listed, sentence, told


def ladder(surgery: dict[str, Any]) -> Drawn | None:
    """`ladder` of the surgery: information of each layer, falling upwards, under the line of log n."""
    rungs = surgery.get("ladder", [])
    found = [Bar(str(rung["layer"]), *f, cut=bool(rung.get("saturated"))) for rung in rungs if (f := figure(rung))]
    if not found:
        return None
    drawn = bars({"information about x": found})
    cap = number(surgery.get("cap"))
    if cap is not None:
        drawn.add_vline(x=cap, line={"dash": "dot", "width": 1.5, "color": "#6f7f8f"})
        drawn.add_annotation(x=cap, y=1, yref="paper", yanchor="bottom", text="log n", showarrow=False)
        drawn.update_layout(margin_t=30)
    together, top = surgery.get("form") == "top_down", found[-1].name

    def has(name: str) -> str:
        """Top-down a rung is what a layer and all above it have."""
        return f"{name} and above have" if together and name != top else f"{name} has"

    near = [str(rung["layer"]) for rung in rungs if rung.get("saturated")]
    words = sentence(
        ", ".join(f"{has(bar.name)} {'≥ ' if bar.cut else ''}{told(bar.value)} nats about x" for bar in found[:8]),
        None
        if len(found) < 2
        else "no layer has more than the one below it, as it must be"
        if surgery.get("monotone")
        else "a layer seems to have more than the one below it, which cannot be: the estimate is off",
        f"{listed(near)}: within a nat of log n, grey and hatched; the truth may be higher" if near else None,
    )
    return Drawn("ladder", "The information ladder", drawn, words)
