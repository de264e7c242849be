"""What is lost without each layer: how far the bound falls."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure
from vaelab.report.words import sentence, told


def skip_bound(found: dict[str, Any]) -> Drawn | None:
    """`skip_bound` of diagnosis.json: L^{>i-1} - L^{>i} of each layer (Maaløe et al. 2019)."""
    layers = [Bar(str(layer["layer"]), *f) for layer in found.get("layers", []) if (f := figure(layer.get("nats")))]
    if not layers:
        return None
    words = sentence(
        ", ".join(f"without {bar.name} {told(bar.value)} nats are lost" for bar in layers[:10]),
        "that is what the bound loses when the layer is drawn from p in place of q, layers below it already so",
        "the bounds are loose here, since q of the upper layers was made for other draws"
        if found.get("loose")
        else None,
    )
    return Drawn("skip-bound", "Lost without each layer", bars({"lost without it": layers}), words)
