"""A figure and what is seen in it."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Drawn(NamedTuple):
    """`name` is its id in the page; `words` say what is seen, for readers who do not see it and for those who do."""

    name: str
    title: str
    figure: "go.Figure"
    words: str
    wide: bool = False  # too much for a phone: it scrolls in its own box
