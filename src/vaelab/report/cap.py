"""Information near log n: what n images cannot tell."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vaelab.report.read import number
from vaelab.report.words import listed, told, with_error

# least: a lower bound; hidden: nothing can be told, since a layer above has all the nats that n images let be seen
Reach = Literal["least", "hidden"]


@dataclass(frozen=True)
class Cap:
    """`nats` is log n; `reach` names the layers whose information it cuts; `by` is the layer that has reached it."""

    nats: float
    reach: Mapping[str, Reach]
    by: str = ""

    @classmethod
    def of(cls, surgery: Mapping[str, Any]) -> "Cap":
        """Of the part `surgery` of a diagnosis, which says itself which layers are saturated."""
        listed = surgery.get("layers")
        layers = [layer for layer in listed if isinstance(layer, dict)] if isinstance(listed, list) else []
        full = [str(layer.get("layer")) for layer in layers if layer.get("saturated")]
        nats = number(surgery.get("cap"))
        return cls._over(math.inf if nats is None else nats, full, surgery.get("form") == "bottom_up")

    @classmethod
    def at(cls, n: float | None, information: Mapping[str, float | None], chain: bool) -> "Cap":
        """Of layers from z_1 up, whose nats are I_q(x; z_i | z_>i), in a bottom-up `chain` I_q(z_{i-1}; z_i)."""
        if n is None or n < 2:
            return cls(math.inf, {})
        full, above = [], 0.0
        for layer, nats in reversed(list(information.items())):
            above = (nats or 0.0) + (0.0 if chain else above)
            full += [layer] if above > math.log(n) - 1 else []
        return cls._over(math.log(n), full[::-1], chain)

    @classmethod
    def _over(cls, nats: float, full: list[str], chain: bool) -> "Cap":
        top = full[-1] if full else ""
        return cls(nats, {layer: "least" if chain or layer == top else "hidden" for layer in full}, top)

    @property
    def words(self) -> str | None:
        """What is hatched in the figures, and why."""
        if not self.reach:
            return None
        least = [layer for layer, reach in self.reach.items() if reach == "least"]
        hidden = [layer for layer, reach in self.reach.items() if reach == "hidden"]
        what = f"grey and hatched is what log n = {told(self.nats)} cuts: {listed(least)} may have more"
        return what + (f", of {listed(hidden)} nothing can be told" if hidden else "")

    def cell(self, layer: str, information: tuple[float, float] | None) -> str:
        """An information as a table has it."""
        reach = self.reach.get(layer)
        if reach == "hidden":
            return f"cannot be told ({self.by} is at log n = {told(self.nats)})"
        return f"≥ {with_error(information)} (log n = {told(self.nats)})" if reach else with_error(information)


def near(value: float, nats: float) -> bool:
    """Is an information within a nat of log n: no more than a lower bound?"""
    return value > nats - 1


def marks(caps: Iterable[float], key: str = "information") -> str | None:
    """What ≥ before an information and ≤ before a marginal KL mean; `caps` are those of the figures that have one."""
    if not (some := sorted({round(cap, 2) for cap in caps})):
        return None
    most = " or ".join(told(cap) for cap in some[:3])
    return {
        "information": f"≥: within a nat of log n = {most}, the most that n images can tell: it may be more",
        "marginal_kl": f"≤: it has what information is beyond log n = {most} nats: it may be less",
    }[key]
