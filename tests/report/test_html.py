import json
from html.parser import HTMLParser

import pytest

from vaelab.report.html import Html, script_json, tag, text

ATTACKS = ["<script>alert(1)</script>", '" onload="alert(1)', "</script><img src=x onerror=alert(1)>", "&lt;", "'>"]


class Seen(HTMLParser):
    """What an independent parser finds: elements with their attributes, and the text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_printed_comes_back_as_text_and_nothing_else(attack: str) -> None:
    seen = Seen(tag("p", attack, title=attack))
    assert seen.elements == [("p", {"title": attack})]
    assert seen.words == attack


def test_children_are_escaped_once_and_markup_never() -> None:
    assert text(["a < b", None, tag("b", "&"), 3]) == "a &lt; b<b>&amp;</b>3"
    assert text(Html("<i>")) == "<i>"


def test_attributes_that_are_not_there_are_left_out() -> None:
    assert tag("img", alt="", src=None, class_="a", aria_label="b", hidden=True) == (
        '<img alt="" class="a" aria-label="b" hidden>'
    )


@pytest.mark.parametrize("attack", [*ATTACKS, "<!--", "\u2028"])
def test_json_in_a_script_cannot_end_it_and_is_the_same_json(attack: str) -> None:
    markup = script_json("d", json.dumps({"a": attack}, ensure_ascii=False))
    inside = markup.removeprefix('<script type="application/json" id="d">').removesuffix("</script>")
    assert not set(inside) & {"<", ">", "&", "\u2028"}
    assert json.loads(inside) == {"a": attack}
