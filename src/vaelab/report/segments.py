"""The parts of a run that was resumed, and the run that it was forked from, as the page tells them."""

from typing import Any, NamedTuple

from vaelab.readable import read_json
from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import GREY, plain
from vaelab.report.html import Html, tag
from vaelab.report.parts import code, table
from vaelab.report.read import number
from vaelab.report.record import Record
from vaelab.report.words import count, listed


class Segment(NamedTuple):
    """A part of a run: the step from which on, what was typed for it, and what it ran on, in words."""

    step: int
    said: str
    machine: str


def segments(record: Record) -> list[Segment]:
    """What segments.jsonl says, as far as it can be read."""
    return [
        Segment(int(step), " ".join(map(str, _list(line.get("overrides")))), _machine(line.get("machine")))
        for line in record.segments
        if (step := number(line.get("from_step"))) is not None
    ]


def origin(record: Record) -> Html | None:
    """Where the weights came from that the run began with; None of one that began with none."""
    told = read_json(record.folder / "forked_from.json")
    if not told:
        return None
    weights = f"{told.get('taken')} of {told.get('weights')} weights"
    return tag(
        "p", f"It began with {weights} of ", code(str(told.get("run"))),
        f" at step {told.get('step')} ({told.get('checkpoint')}). Its record and its optimiser began anew.",
        class_="aside",
    )  # fmt: skip


def parts(record: Record) -> Html | None:
    """A row for each part; None of a run that was never resumed."""
    found = segments(record)
    if len(found) < 2:
        return None
    rows = [(str(one.step), code(one.said) if one.said else "–", one.machine or "–") for one in found]
    caption = f"The run went on {count(len(found) - 1, 'time')}"
    return table(("from step", "what was typed", "ran on"), rows, caption, stacked=True)


def marked(drawn: Drawn | None, record: Record) -> Drawn | None:
    """A figure over steps with a thin line at each step at which the run was resumed."""
    resumed = [one for one in segments(record)[1:] if one.step]
    if drawn is None or not resumed:
        return drawn
    for one in resumed:
        line = {"color": GREY, "width": 1, "dash": "dot"}
        drawn.figure.add_shape(type="line", x0=one.step, x1=one.step, y0=0, y1=1, yref="paper", line=line)
        drawn.figure.add_annotation(
            x=one.step, y=1, yref="paper", yanchor="top", text="↻", showarrow=False, font={"color": GREY},
            hovertext=plain(f"resumed at step {one.step}{one.said and ': '}{one.said}"),
        )  # fmt: skip
    steps = listed([str(one.step) for one in resumed])
    return drawn._replace(words=f"{drawn.words} The run was resumed at step {steps}, where the dotted lines are.")


def _machine(facts: Any) -> str:
    if not isinstance(facts, dict):
        return ""
    threads = number(facts.get("threads"))
    told = [
        facts.get("device"),
        None if threads is None else count(int(threads), "thread"),
        *(f"{name} {facts[name]}" for name in ("torch", "vaelab", "commit") if facts.get(name)),
    ]
    return ", ".join(str(one) for one in told if one)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
