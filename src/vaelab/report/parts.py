"""What sections are made of: tables, figures, pictures, and a line for what is missing."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from vaelab.report.drawn import Drawn
from vaelab.report.html import Child, Html, script_json, tag, text

_PNG = b"\x89PNG\r\n\x1a\n"


class Section(NamedTuple):
    """A heading and what stands below it; `name` is its id."""

    name: str
    title: str
    body: Child


@dataclass
class Budget:
    """Characters left for pictures: a page stays small enough to be sent."""

    left: int

    def take(self, size: int) -> bool:
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


def plot(drawn: Drawn | None) -> Html | None:
    """A figure that the page's script draws, with its words below it."""
    if drawn is None:
        return None
    place = tag(
        "div", id=f"plot-{drawn.name}", class_="plot", role="img", tabindex="0",
        aria_label=f"{drawn.title}. {drawn.words}", style=f"height:{drawn.figure.layout.height}px",
    )  # fmt: skip
    return tag(
        "figure",
        tag("h3", drawn.title),
        tag("div", place, class_="scroll") if drawn.wide else place,
        tag("figcaption", drawn.words),
        script_json(f"data-{drawn.name}", drawn.figure.to_json()),
    )


def picture(path: Path, words: str, budget: Budget) -> Html:
    """A PNG inside the page; beyond the budget, or when it is none, a line that says where it lies."""
    try:
        found = path.read_bytes()
    except OSError:
        found = b""
    title = path.stem.replace("_", " ")
    if not found.startswith(_PNG):
        return missing(f"{path.name} cannot be read as a picture.")
    coded = b64encode(found).decode()
    if not budget.take(len(coded)):
        return missing(f"{path.name} is left out to keep this page small: it lies in {path.parent.name}/.")
    image = tag("img", src=f"data:image/png;base64,{coded}", alt=f"{title}. {words}")
    return tag("figure", tag("h3", title.capitalize()), tag("div", image, class_="shot"), tag("figcaption", words))


def table(head: Sequence[Child], rows: Sequence[Sequence[Child]], caption: str, stacked: bool = False) -> Html:
    """A table that scrolls in its own box. The first cell of each row is its heading.

    `stacked`: on a phone its cells stand below each other, as fits cells of sentences.
    """
    columns = tag("tr", [tag("th", name, scope="col") for name in head])
    names = [str(name) if stacked else None for name in head[1:]]
    lines = []
    for row in rows:
        cells = [tag("td", cell, data_name=name) for cell, name in zip(row[1:], names, strict=True)]
        lines.append(tag("tr", tag("th", row[0], scope="row"), cells))
    kind = "stacked" if stacked else None
    inner = tag("table", tag("caption", tag("span", caption)), tag("thead", columns), tag("tbody", lines), class_=kind)
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def left_out(skipped: Mapping[str, Any]) -> Html | None:
    """One small line for what does not apply to this run: {what: why}. None where all does."""
    told = [f"{name} ({str(why).rstrip('.')})" for name, why in skipped.items() if why]
    return tag("p", f"Left out: {'; '.join(told)}.", class_="aside") if told else None


def missing(sentence: str, command: str | None = None) -> Html:
    """One line for what is not there, and the command that makes it."""
    return tag("p", sentence, text([" Make it: ", code(command)]) if command else None, class_="missing")


def code(command: str) -> Html:
    return tag("code", command)


def folded(title: str, *body: Child) -> Html:
    return tag("details", tag("summary", title), *body)
