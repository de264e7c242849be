"""The kl of a trained model cut into its parts."""

from typing import Any

from vaelab.report.cap import Cap
from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure
from vaelab.report.words import sentence, told, with_error


def parts(surgery: dict[str, Any]) -> Drawn | None:
    """`surgery` of diagnosis.json: a bar for each part; they add up to kl."""
    cap = Cap.of(surgery)
    found = [
        Bar(_named(part["name"]), *f, cut=part["name"].removeprefix("information/") in cap.reach)
        for part in surgery.get("parts", [])
        if (f := figure(part))
    ]
    if not found:
        return None
    kl, largest = figure(surgery.get("kl")), max(found, key=lambda bar: bar.value)
    at_least = "at least " if largest.cut else ""
    words = sentence(
        f"the kl of {with_error(kl)} nats is the sum of these parts" if kl else None,
        f"the largest is {largest.name}, {at_least}{told(largest.value)} nats",
        f"of n = {surgery.get('n')} images, which can tell no information above log n = {told(surgery.get('cap'))}",
        f"{cap.words}; what is missing there counts as marginal KL" if cap.words else None,
    )
    return Drawn("parts", "The kl, cut into its parts", bars({"part": found}), words)


def _named(name: str) -> str:
    """information/z1 as 'z1 information'."""
    kind, _, layer = name.partition("/")
    return f"{layer} {kind.replace('marginal_kl', 'marginal KL')}".strip()
