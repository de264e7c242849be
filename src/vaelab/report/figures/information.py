"""Information and marginal KL of every layer over a run, stacked to the kl."""

import math

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, colour, plain
from vaelab.report.record import Record
from vaelab.report.words import course, sentence

MOST_AREAS = 16


def information(record: Record) -> Drawn | None:
    """val/information/z* and val/marginal_kl/z*, those that add up to kl, as areas on each other."""
    shown = {name: record.series(f"val/{name}") for name in parts_of(record)}
    shown = {name: one for name, one in shown.items() if one}
    if not shown:
        return None
    figure = canvas("epoch", "nats an image", 380, hovermode="x unified")
    few = dict(list(shown.items())[:MOST_AREAS])
    for i, (name, one) in enumerate(few.items()):
        kind, layer = name.split("/", 1)
        figure.add_scatter(
            x=one.epoch, y=one.value, stackgroup="kl", mode="lines", line={"width": 0.8, "color": colour(i // 2 * 2)},
            name=plain(f"{layer} {_WORD[kind]}"), hovertemplate="%{y:.3f}",
            fillpattern={"shape": "/" if kind == "marginal_kl" else "", "size": 6, "solidity": 0.25},
            fillcolor=_clear(colour(record.layers.index(layer) if layer in record.layers else i)),
        )  # fmt: skip
    kl = record.series("val/kl")
    if kl:
        figure.add_scatter(
            x=kl.epoch, y=kl.value, mode="lines", name="kl of the whole split",
            line={"color": colour(7), "width": 2, "dash": "dot"}, hovertemplate="%{y:.3f}",
        )  # fmt: skip
    words = sentence(
        *(course(_told(name), one.value, one.epoch) for name, one in list(shown.items())[:4]),
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


def _told(name: str) -> str:
    kind, layer = name.split("/", 1)
    return f"{layer} {_WORD[kind]}"


def _clear(code: str) -> str:
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.55)"
