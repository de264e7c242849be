"""What units.jsonl says of every unit: one line for each validation."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from vaelab.metrics import LayerUnits

# entries of a line, over all layers: some 50 KB. No layer has fewer than `LEAST` for itself
MOST, LEAST = 2048, 16


def told(layers: Sequence[LayerUnits]) -> list[dict[str, Any]]:
    """Each layer from z_1 up as {"layer", "kl", "variance", "active"}, a list of its units each; six digits.

    "kl" is null where units have none of their own. A layer of more units than there is room for is told in groups of
    "pooled" consecutive units: the sum of their KLs (so that a layer's still add up to its KL), the largest variance,
    and whether any of them is active.
    """
    room = max(LEAST, MOST // max(1, len(layers)))
    return [_layer(f"z{i}", layer, room) for i, layer in enumerate(layers, start=1)]


def _layer(name: str, layer: LayerUnits, room: int) -> dict[str, Any]:
    size = -(-len(layer.active) // room)

    def groups(values: Tensor) -> Sequence[Tensor]:
        return values.cpu().split(size)

    line: dict[str, Any] = {
        "layer": name,
        "kl": None if layer.kl is None else [_short(group.sum()) for group in groups(layer.kl)],
        "variance": [_short(group.max()) for group in groups(layer.variance)],
        "active": [bool(group.any()) for group in groups(layer.active)],
    }
    return line | ({"pooled": size} if size > 1 else {})


def _short(value: Tensor) -> float:
    return float(f"{value.item():.6g}")
