"""Numbers of the figures, put between the markers of a text: <!--codes/beta_0.kl:.1f-->12.3<!--/-->.

Before the colon stand the figure and the number, after it how it is written; `s` is for words and tables. The commands
of a figure stand between <!--commands:codes--> and <!--/-->, and from its first line that begins with "test split" on
a log between <!--log:run/step:test split--> and <!--/-->.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gallery.read import Read
from gallery.runs import RUNS, asking, training
from gallery.work import ROOT, shown

MARK = re.compile(r"<!--(?!/)([^>:]+):([^>]+?)-->(.*?)<!--/-->", re.DOTALL)


def filled(text: str, figures: dict[str, dict[str, Any]], read: Read | None = None) -> str:
    """The text with today's numbers. Raises KeyError for a number that no figure has; logs need `read`."""

    def fill(match: re.Match[str]) -> str:
        kind, rest, before = match.groups()
        if kind == "commands":
            said = _fence("bash", "\n".join(figures[rest]["commands"]))
        elif kind == "log":
            said = before if read is None else _log(read, *rest.split(":"))
        else:
            figure, _, key = kind.partition("/")
            value = figures[figure]["numbers"][key]
            said = value if isinstance(value, str) else format(value, rest)
            said = f"\n\n{said}\n\n" if "\n" in said else said
        return f"<!--{kind}:{rest}-->{said}<!--/-->"

    return MARK.sub(fill, text)


def _fence(language: str, body: str) -> str:
    return f"\n\n```{language}\n{body}\n```\n\n"


def _log(read: Read, where: str, lines: str = "") -> str:
    """The lines of a log from the one that begins with the second word on, or all of it."""
    run, step = where.split("/")
    said = [line.rstrip().replace(f"{ROOT}/", "") for line in read.log(run, step).splitlines()]
    start = next((i for i, line in enumerate(said) if line.startswith(lines)), 0)
    return _fence("", "\n".join(said[start:]))


def commands(runs: tuple[str, ...], folder: Callable[[str], str] = "outputs/figures/{}".format) -> list[str]:
    """What made the runs of a figure, a line each."""
    made = [(RUNS[name], folder(name)) for name in runs]
    # what stands in docs/commands.md alone is no part of it
    return [
        shown(arguments)
        for run, place in made
        for arguments in (training(run, place), *asking(replace(run, also=()), place).values())
    ]
