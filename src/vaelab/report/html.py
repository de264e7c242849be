"""HTML that escapes what it prints: a plain string can never become markup."""

from collections.abc import Iterable
from html import escape
from typing import Any

_EMPTY = {"img", "meta", "br"}


class Html(str):
    """Markup, printed as it is. Only this room's templates and `tag` make it; all other strings are escaped."""


Child = Any  # Html, a string, a number, None, or an iterable of these


def text(child: Child) -> Html:
    """A child as markup; nothing for None."""
    if child is None:
        return Html("")
    if isinstance(child, Html):
        return child
    if isinstance(child, str) or not isinstance(child, Iterable):
        return Html(escape(str(child)))
    return Html("".join(text(part) for part in child))


def tag(name: str, *children: Child, **attributes: Any) -> Html:
    """<name attributes>children</name>. `class_` is class, `aria_label` is aria-label; None and False leave one out."""
    said = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        said.append(f" {key}" if value is True else f' {key}="{escape(str(value))}"')
    opened = f"<{name}{''.join(said)}>"
    return Html(opened if name in _EMPTY else f"{opened}{text(children)}</{name}>")


def script_json(name: str, json: str) -> Html:
    """JSON that a script reads. < > & are written as JSON knows them, so that nothing in it can end the element."""
    for sign in ("<", ">", "&", "\u2028", "\u2029"):
        json = json.replace(sign, f"\\u{ord(sign):04x}")
    return Html(f'<script type="application/json" id="{escape(name)}">{json}</script>')
