"""The runs of a sweep as a table that sorts."""

from typing import Any

from vaelab.diagnostics.collapse import NAMES
from vaelab.report.cap import marks
from vaelab.report.html import Html, tag
from vaelab.report.parts import Section, missing
from vaelab.report.sweep import FIGURES, Row
from vaelab.report.words import told, value

MOST_SETTINGS = 8  # columns: of more the page of a run tells
_HEAD = {"active": "active units", "marginal_kl": "marginal KL", "iw_bound": "iw_bound"}


def runs(rows: list[Row]) -> Section:
    """One line a run: a link to its page, what was set, what came out; standard errors stand in the titles."""
    differ = list(dict.fromkeys(name for row in rows for name in row.settings))
    settings, more = differ[:MOST_SETTINGS], differ[MOST_SETTINGS:]
    figures = [key for key in FIGURES if any(key in row.figures for row in rows)]
    names = ["run", *settings, *(_HEAD.get(key, key) for key in figures), "layers"]
    unfinished = any(row.status != "finished" for row in rows)
    names += ["status"] if unfinished else []
    head = tag("tr", [tag("th", tag("button", name, type="button"), scope="col", aria_sort="none") for name in names])
    lines = [
        tag("tr", _name(row), _cells(row, settings, figures), _status(row) if unfinished else None) for row in rows
    ]
    caption = "Nats an image. A heading's button sorts; the standard error stands in a cell's title"
    told_marks = (marks((row.cap for row in rows if row.bound(key)), key) for key in ("information", "marginal_kl"))
    of_validation = (
        "(val): of the last validation, the run has no evaluation" if any(not r.evaluated for r in rows) else None
    )
    caption = ". ".join(filter(None, [caption, *told_marks, of_validation]))
    inner = tag(
        "table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", lines), class_="sortable"
    )
    box = tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label="the runs")
    return Section("runs", "Runs", [box, missing(f"Also set differently: {', '.join(more)}.") if more else None])


def _name(row: Row) -> Html:
    from urllib.parse import quote

    page = row.record.folder / "report.html"
    link = tag("a", row.name, href=f"{quote(row.name)}/report.html") if page.exists() else row.name
    return tag("th", link, scope="row", data_value=row.name)


def _cells(row: Row, settings: list[str], figures: list[str]) -> list[Html]:
    made = [_cell(row.settings.get(name)) for name in settings]
    for key in figures:
        mean, error = row.figures.get(key, (None, float("nan")))
        title = f"± {told(error)}" if error == error else None
        shown = _shown(row, key, mean)
        made.append(tag("td", shown, data_value="" if mean is None else repr(mean), title=title))
    state = tag("span", row.state, class_=f"state {row.state}") if row.state else "–"
    made.append(tag("td", state, data_value=NAMES.index(row.state) if row.state in NAMES else ""))
    return made


def _shown(row: Row, key: str, mean: float | None) -> str:
    if mean is None:
        return "–"
    if key == "active":
        return f"{100 * mean:.0f} %"
    return f"{row.bound(key)} {told(mean)}{'' if row.evaluated else ' (val)'}".strip()


def _status(row: Row) -> Html:
    return tag("td", row.status, data_value=row.status)


def _cell(setting: Any) -> Html:
    if setting is None:
        return tag("td", "–", data_value="")
    return tag("td", value(setting), data_value=value(setting))
