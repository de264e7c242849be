"""Information and marginal KL of every layer over a run, stacked to the kl."""

import math
from dataclasses import replace

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, colour, plain
from vaelab.report.record import Record, Series
from vaelab.report.words import course, sentence, told

MOST_AREAS = 16


def information(record: Record) -> Drawn | None:
    """val/information/z* and val/marginal_kl/z*, those that add up to kl, as areas on each other."""
    shown = {name: record.series(f"val/{name}") for name in parts_of(record)}
    shown = {name: one for name, one in shown.items() if one}
    if not shown:
        return None
    figure = canvas("epoch", "nats an image", 380, hovermode="x unified")
    few = largest(shown)
    for i, (name, one) in enumerate(few.items()):
        kind, _, layer = name.partition("/")
        own = colour(record.layers.index(layer) if layer in record.layers else i)
        figure.add_scatter(
            x=one.epoch, y=[max(0.0, value) for value in one.value], stackgroup="kl", mode="lines",
            line={"width": 0.8, "color": own}, name=plain(_told(name)), hovertemplate="%{y:.3f}",
            fillpattern={"shape": "/" if kind == "marginal_kl" else "", "size": 6, "solidity": 0.25},
            fillcolor=_clear(own),
        )  # fmt: skip
    kl = record.series("val/kl")
    if kl:
        figure.add_scatter(
            x=kl.epoch, y=kl.value, mode="lines", name="kl of the whole split",
            line={"color": colour(7), "width": 2, "dash": "dot"}, hovertemplate="%{y:.3f}",
        )  # fmt: skip
    words = sentence(
        *(_course(record, name, one) for name, one in list(few.items())[:4]),
        "the areas add up to the kl of the images that the monitor looked at" if kl else None,
        _cap(record),
    )
    return Drawn("information", "Where the kl goes, over training", figure, words)


def _cap(record: Record) -> str | None:
    """What the number of images hides."""
    images = record.series("val/information_images")
    if not images or images.value[-1] < 2:
        return None
    n = images.value[-1]
    return (
        f"of {n:.0f} images no more than log {n:.0f} = {math.log(n):.2f} nats of information can be told: once that is "
        "reached, what more a layer says is counted as marginal KL"
    )


def largest(shown: dict[str, Series]) -> dict[str, Series]:
    """The parts as they are, or of very many the largest at the end, and the sum of the others."""
    if len(shown) <= MOST_AREAS:
        return shown
    kept = set(sorted(shown, key=lambda name: -shown[name].value[-1])[: MOST_AREAS - 1])
    others = [one for name, one in shown.items() if name not in kept]
    rest = replace(others[0], value=[sum(values) for values in zip(*(one.value for one in others), strict=False)])
    return {name: one for name, one in shown.items() if name in kept} | {"all others": rest}


_WORD = {"information": "information", "marginal_kl": "marginal KL"}


def parts_of(record: Record) -> list[str]:
    """The parts that add up to kl: all of them, but of a bottom-up chain z1's information alone."""
    chain = any(record.term(layer) == "log_ratio" for layer in record.layers)
    names = []
    for i, layer in enumerate(record.layers):
        if i == 0 or not chain:
            names.append(f"information/{layer}")
        names.append(f"marginal_kl/{layer}")
    return names


def _course(record: Record, name: str, one: Series) -> str:
    """How a part went; of an information that cannot be seen, that."""
    kind, _, layer = name.partition("/")
    cap = record.watched_cap
    if kind == "information" and cap.reach.get(layer) == "hidden":
        return f"{_told(name)} cannot be told: {cap.by} is at log n = {told(cap.nats)}"
    return course(_told(name), one.value, one.epoch)


def _told(name: str) -> str:
    kind, _, layer = name.partition("/")
    return f"{layer} {_WORD[kind]}" if kind in _WORD else name


def _clear(code: str) -> str:
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.55)"
