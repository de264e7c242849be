"""What the lines of history.jsonl and units.jsonl say up to now."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vaelab.diagnostics.collapse import NAMES
from vaelab.printable import printable

CURVES = ("train/elbo", "val/elbo")
KEPT = 2000  # points of a curve; above it every second one goes


@dataclass
class Record:
    """`latest` and `before`: a key's last two figures; `curves`: (step, value) of the elbo; `units`: the newest line of
    units.jsonl, {layer: its entry}; `messages`: what has happened, the newest last. `epochs` are the finished ones."""

    step: int = 0
    epochs: int = 0
    latest: dict[str, float] = field(default_factory=dict)
    before: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {key: [] for key in CURVES})
    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """Lines of history.jsonl. What is no figure is passed over, one that is not finite is told."""
        for line in lines:
            step, epoch = _whole(line.get("step")), _whole(line.get("epoch"))
            self.step = step if step is not None else self.step
            if epoch is not None:
                # epochs count from 0: one is over when it has been validated
                self.epochs = max(self.epochs, epoch + any(key.startswith("val/") for key in line))
            for key, value in line.items():
                if key not in ("step", "epoch"):
                    self._figure(key, value, epoch)

    def add_units(self, lines: Iterable[dict[str, Any]]) -> None:
        """Lines of units.jsonl; the newest holds."""
        for line in lines:
            layers = line.get("layers")
            if isinstance(layers, list):
                self.units = {str(one["layer"]): one for one in layers if isinstance(one, dict) and "layer" in one}

    def layers(self) -> list[str]:
        """Names of the layers that any figure or unit is of, from z1 up."""
        ends = {key.rsplit("/", 1)[-1] for key in self.latest if key.startswith(("val/", "train/", "collapse/"))}
        named = {end for end in ends | set(self.units) if end[:1] == "z" and end[1:].isdigit()}
        return sorted(named, key=lambda name: int(name[1:]))

    def state(self, layer: str) -> str:
        """alive, fading or collapsed; nothing where no monitor has looked."""
        number = self.latest.get(f"collapse/{layer}", -1.0)
        return NAMES[int(number)] if number in (0, 1, 2) else ""

    def _figure(self, key: str, value: Any, epoch: int | None) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            return
        if value is None or not math.isfinite(value):
            self.messages.append(f"step {self.step}: {printable(key)} was not finite")
            return
        before = self.latest.get(key)
        if before is not None:
            self.before[key] = before
        self.latest[key] = float(value)
        if key in self.curves:
            curve = self.curves[key]
            curve.append((float(self.step), float(value)))
            if len(curve) > KEPT:
                del curve[1:-1:2]
        if key.startswith("collapse/") and value in (0, 1, 2) and value != (before if before is not None else 0):
            was = NAMES[int(before)] if before in (0, 1, 2) else ""
            told = f"epoch {epoch + 1}: " if epoch is not None else ""
            self.messages.append(
                f"{told}{printable(key.split('/', 1)[1])} is {NAMES[int(value)]}{was and f'; was {was}'}"
            )


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None
