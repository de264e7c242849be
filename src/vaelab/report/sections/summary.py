"""What came out: the verdict, the key figures, the layers."""

from typing import Any

from vaelab.diagnostics.collapse import NAMES
from vaelab.report.figures.collapse import state
from vaelab.report.html import Html, tag
from vaelab.report.parts import Section, code, missing, table
from vaelab.report.read import figure, number, numbers
from vaelab.report.record import Record
from vaelab.report.units import layer_of
from vaelab.report.words import told, with_error
from vaelab.told import typed

_HEAD = ("cause", "strength of evidence", "evidence", "try")
KEYS = ("elbo", "reconstruction", "kl", "objective", "iw_bound")


def summary(record: Record) -> Section:
    return Section("summary", "What came out", [_cards(record), _verdict(record), _figures(record), _layers(record)])


def _cards(record: Record) -> Html:
    """Key figures as a row: of the evaluation, or while it is not there the last of the validation."""
    first = record.evaluations[0] if record.evaluations else {}
    cards = []
    for key in ("elbo", "reconstruction", "kl", "iw_bound"):
        found = figure(first.get(key))
        name = f"iw_bound, K = {first.get('iw_samples')}" if key == "iw_bound" else key
        if found is None and (last := record.last(f"val/{key}")) is not None:
            found, name = (last, float("nan")), f"{key}, validation"
        if found:
            cards.append(_card(name, told(found[0]), f"± {told(found[1])} nats" if found[1] == found[1] else "nats"))
    if (bits := number(first.get("bits_per_dim"))) is not None:
        cards.append(_card("bits_per_dim", told(bits, 3), "bits a dimension"))
    return tag("dl", cards, class_="cards") if cards else missing("There are no figures yet: nothing was validated.")


def _card(name: str, value: str, unit: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", tag("b", value), " ", tag("span", unit)))


def _verdict(record: Record) -> list[Html]:
    verdict = record.part("verdict")
    if not verdict:
        return [missing("No diagnosis has been made.", f"vaelab diagnose {typed('run', record.folder)}")]
    made = [tag("p", verdict.get("words"), class_="verdict")] if verdict.get("words") else []
    causes = [cause for cause in verdict.get("causes") or [] if isinstance(cause, dict)]
    if causes:
        rows = [
            (one.get("cause"), _meter(number(one.get("score"))), one.get("evidence"), code(str(one.get("try", ""))))
            for one in causes
        ]
        made.append(table(_HEAD, rows, "Causes that something speaks for, the strongest first", stacked=True))
        if causes[0].get("command"):
            made.append(tag("p", "To try the first: ", code(str(causes[0]["command"])), class_="aside"))
    return made


def _meter(score: float | None) -> Html:
    share = min(max(score or 0.0, 0.0), 1.0)
    bar = tag("i", style=f"width:{100 * share:.0f}%")
    return tag("span", tag("span", bar, class_="meter", aria_hidden="true"), f" {told(score)}")


def _figures(record: Record) -> Html:
    if not record.evaluations:
        return missing("The run has not been evaluated.", f"vaelab evaluate {typed('run', record.folder)}")
    head = ["nats an image", *(_of(one) for one in record.evaluations)]
    rows: list[list[Any]] = [[key, *(with_error(figure(one.get(key))) for one in record.evaluations)] for key in KEYS]
    rows.append(["draws an image", *(one.get("iw_samples") for one in record.evaluations)])
    sizes = [told(number(one.get("effective_sample_size")), 1) for one in record.evaluations]
    rows.append(["effective sample size", *sizes])
    if any("bits_per_dim" in one for one in record.evaluations):
        rows.append(["bits_per_dim", *(told(number(one.get("bits_per_dim")), 4) for one in record.evaluations)])
    return table(head, rows, "Figures, each a mean over images ± its standard error")


def _of(one: dict[str, Any]) -> str:
    # of a run that trained on since, one may be of older weights than another
    step = "" if (at := number(one.get("step"))) is None else f" of step {at:.0f}"
    return f"{one.get('split')} split, n = {one.get('n')}, {one.get('weights')} weights{step}, seed {one.get('seed')}"


def _layers(record: Record) -> Html | None:
    """Of each layer: its term, active units, information, and its state."""
    listed = (record.evaluations[0].get("layers") if record.evaluations else None) or []
    evaluated = {str(layer.get("layer")): layer for layer in listed if isinstance(layer, dict)}
    surgery = {str(layer.get("layer")): layer for layer in record.part("surgery").get("layers") or []}
    judged = {str(layer.get("layer")): layer for layer in record.part("verdict").get("layers") or []}
    rows: list[list[Html | str]] = []
    for name in record.layers:
        one, cut, verdict = evaluated.get(name, {}), surgery.get(name, {}), judged.get(name, {})
        term = "log_ratio" if "log_ratio" in one else record.term(name)
        cost = with_error(figure(one.get(term))) if one else told(record.last(f"val/{term}/{name}"))
        active = one.get("active_units", record.last(f"val/active_units/{name}"))
        units = f"{_whole(active)} of {one['units']}" if "units" in one else _whole(active)
        carried = figure(cut.get("information")) or figure(one.get("information"))
        last = record.last(f"collapse/{name}")
        word = verdict.get("state") or ("" if last is None else state(last))
        if name != record.layers[-1]:
            units += _with_kl(record, name, one, active)
        rows.append([name, f"{cost} ({term})", units, record.cap.cell(name, carried), _state(str(word))])
    if not rows:
        return None
    head = ("layer", "cost, nats", "active units", "information, nats", "state")
    known = [i for i in range(len(head)) if any(row[i] != "–" for row in rows)]
    return table([head[i] for i in known], [[row[i] for i in known] for row in rows], "Layer by layer")


def _with_kl(record: Record, name: str, one: dict[str, Any], active: object) -> str:
    """Of a layer whose mean moves with the layers above, units can be active and cost nothing: say how many do."""
    last = next((found for line in reversed(record.units) if (found := layer_of(line, name))), {})
    kl = [value for value in numbers(one.get("unit_kl") or last.get("kl")) if value is not None]
    above = sum(value > 0.01 for value in kl)
    if not kl or last.get("pooled") or above == active:
        return ""
    return f", {above} with a KL above 0.01 nats"


def _state(word: str) -> Html | str:
    known = word if word in NAMES else None
    return tag("span", word, class_=f"state {known}") if known else word or "–"


def _whole(value: object) -> str:
    found = number(value)
    return "?" if found is None else f"{found:.0f}"
