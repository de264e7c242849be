"""Texts of others in the terminal, which obeys some of them."""

import re
from collections.abc import Iterator
from typing import Any

# an escape and its like; a text may have lines
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """A text on one line, with a ? for what is no sign: an escape, a line break, a turn of direction."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def obeyed(value: Any) -> str | None:
    """The first text of a JSON value, its names among them, that has control characters."""
    return next(filter(_CONTROL.search, _texts(value)), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _texts(inner)
