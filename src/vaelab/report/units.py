"""units.jsonl: each unit of each layer over the epochs, and when it died or came back."""

from dataclasses import dataclass
from typing import Any

from vaelab.diagnostics.units_over_time import Event, events
from vaelab.report.read import number, numbers
from vaelab.report.record import natural

MOST_UNITS, MOST_EPOCHS = 128, 120  # of a map: more cannot be told apart


@dataclass(frozen=True)
class UnitMap:
    """`values` [unit][epoch] of `kind` (kl or variance); units count from 1, the one that ended highest first.

    `pooled`: how many neighbouring units a line stands for, in layers of very many.
    """

    layer: str
    kind: str
    epochs: list[int]
    units: list[int]
    values: list[list[float | None]]
    of: int
    pooled: int


def layer_names(lines: list[dict[str, Any]]) -> list[str]:
    return sorted({str(layer.get("layer")) for line in lines for layer in _layers(line)}, key=natural)


def unit_map(lines: list[dict[str, Any]], layer: str, kind: str) -> UnitMap | None:
    """One layer's heat-map; None where it has no such figures."""
    columns = [(_epoch(line), numbers(found.get(kind))) for line in lines if (found := layer_of(line, layer))]
    columns = [(epoch, values) for epoch, values in columns if values]
    if not columns:
        return None
    every = -(-len(columns) // MOST_EPOCHS)
    columns = columns[::-1][::every][::-1]
    width = max(len(values) for _, values in columns)
    last = columns[-1][1]
    ranked = sorted(range(width), key=lambda u: -(last[u] or 0) if u < len(last) else 0)
    units = ranked[:MOST_UNITS]
    rows = [[_at(values, unit) for _, values in columns] for unit in units]
    pooled = next((int(n) for line in lines if (n := number((layer_of(line, layer) or {}).get("pooled")))), 1)
    return UnitMap(layer, kind, [epoch for epoch, _ in columns], [unit + 1 for unit in units], rows, width, pooled)


def turns(lines: list[dict[str, Any]]) -> list[Event]:
    """Every unit that died or came back, in the order in which it happened; units and epochs count from 1.

    Waking up is none.
    """
    whole = [line for line in lines if all(isinstance(layer.get("active"), list) for layer in _layers(line))]
    told = [{**line, "epoch": _epoch(line), "layers": _layers(line)} for line in whole]
    return [{**event, "unit": event["unit"] + 1} for event in events(told) if event["event"] != "woke"]


def _layers(line: dict[str, Any]) -> list[dict[str, Any]]:
    found = line.get("layers")
    return [layer for layer in found if isinstance(layer, dict)] if isinstance(found, list) else []


def layer_of(line: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The entry of a layer in a line of units.jsonl."""
    return next((layer for layer in _layers(line) if str(layer.get("layer")) == name), None)


def _epoch(line: dict[str, Any]) -> int:
    return int(number(line.get("epoch")) or 0) + 1


def _at(values: list[float | None], unit: int) -> float | None:
    value = values[unit] if unit < len(values) else None
    return None if value is None else float(f"{value:.3g}")
