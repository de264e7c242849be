"""When each unit died or came back: what the lines of a run's units.jsonl say together. Without torch."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

# {"step", "epoch", "layers": [{"layer", "kl", "variance", "active"}, …]}, one for each validation
Line = Mapping[str, Any]


class Event(TypedDict):
    """`unit` counts from 0; `epoch` is that of the validation that saw the unit so."""

    layer: str
    unit: int
    epoch: int
    event: Literal["woke", "died", "came back"]


def events(lines: Sequence[Line]) -> list[Event]:
    """Every change of a unit between active and not, in the order of time.

    The first line is where a unit starts: one that is active there has not woken. "woke" is the first time that a unit
    is seen active, "came back" every later one.
    """
    found: list[Event] = []
    seen: set[tuple[str, int]] = set()
    before: dict[tuple[str, int], bool] = {}
    for line in lines:
        for layer in line["layers"]:
            for unit, active in enumerate(layer["active"]):
                place = (str(layer["layer"]), unit)
                if active != before.get(place, active):
                    what: Any = "died" if not active else "came back" if place in seen else "woke"
                    found.append({"layer": place[0], "unit": unit, "epoch": int(line["epoch"]), "event": what})
                before[place] = active
                if active:
                    seen.add(place)
    return found


def layers(lines: Sequence[Line]) -> list[str]:
    """The layers that are told of, from z_1 up."""
    return [str(layer["layer"]) for layer in lines[0]["layers"]] if lines else []


def epochs(lines: Sequence[Line]) -> list[int]:
    """The columns of the matrices: the epoch of each validation."""
    return [int(line["epoch"]) for line in lines]


def matrix(lines: Sequence[Line], layer: str, figure: Literal["kl", "variance", "active"]) -> list[list[float]] | None:
    """A figure of every unit of a layer, unit × validation (KL in nats); None where units have no KL of their own."""
    columns = [part[figure] for line in lines for part in line["layers"] if part["layer"] == layer]
    if not columns or any(column is None for column in columns):
        return None
    return [[float(value) for value in row] for row in zip(*columns, strict=True)]
