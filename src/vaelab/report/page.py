"""Sections as one HTML file with everything inside: style, scripts, plotly, pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

from vaelab.report.html import Html, tag, text
from vaelab.report.parts import Section, missing

LIMIT = 8_000_000  # bytes: what mail and chat still take
_HERE = Path(__file__).parent
# nothing is fetched and nothing sent. Plotly makes its WebGL code (parallel coordinates) by `new Function`
_POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "base-uri 'none'; form-action 'none'"
)


def page(title: str, lead: Html, sections: Sequence[Section], footer: str) -> str:
    """The whole file. `lead` stands under the bar on top: a heading of the first level, and what belongs to it."""
    from plotly.offline import get_plotlyjs

    links = [tag("li", tag("a", section.title, href=f"#{section.name}")) for section in sections]
    return Template(_read("page.html")).substitute(
        title=text(title),
        policy=_POLICY,
        style=_read("page.css"),
        early=_read("early.js"),
        lead=lead,
        contents=tag("ul", links),
        sections=text([tag("section", tag("h2", s.title), s.body, id=s.name) for s in sections]),
        footer=text(footer),
        plotly=get_plotlyjs(),
        script=_read("page.js"),
    )


def attempt(title: str, make: Callable[[], Section | None]) -> Section | None:
    """A section, or in its place the line that says why it cannot be read: one strange file costs one section."""
    try:
        return make()
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        told = f"This part of the folder cannot be read ({type(error).__name__}: {error})."
        return Section("".join(c if c.isalnum() else "-" for c in title.lower()), title, missing(told))


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
