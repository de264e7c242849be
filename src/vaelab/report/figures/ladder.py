"""What reaches each layer of x, from the data up."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure, number
from vaelab.report.words import listed, sentence, told


def ladder(surgery: dict[str, Any]) -> Drawn | None:
    """`ladder` of the surgery: information of each layer, falling upwards, under the line of log n."""
    rungs = surgery.get("ladder", [])
    found = [Bar(str(rung["layer"]), *f) for rung in rungs if (f := figure(rung))]
    if not found:
        return None
    drawn = bars({"information about x": found})
    cap = number(surgery.get("cap"))
    if cap is not None:
        drawn.add_vline(x=cap, line={"dash": "dot", "width": 1.5, "color": "#6f7f8f"})
        drawn.add_annotation(x=cap, y=1, yref="paper", yanchor="bottom", text="log n", showarrow=False)
        drawn.update_layout(margin_t=30)
    near = [str(rung["layer"]) for rung in rungs if rung.get("saturated")]
    words = sentence(
        ", ".join(f"{bar.name} has {told(bar.value)} nats about x" for bar in found[:8]),
        "no layer has more than the one below it, as it must be"
        if surgery.get("monotone")
        else "a layer seems to have more than the one below it, which cannot be: the estimate is off",
        f"{listed(near)}: near the cap, the truth may be higher" if near else None,
    )
    return Drawn("ladder", "The information ladder", drawn, words)
