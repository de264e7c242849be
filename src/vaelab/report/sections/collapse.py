"""Where the kl goes, which layers and units live, and when they died."""

from collections import defaultdict

from vaelab.report.figures.collapse import collapse as states
from vaelab.report.figures.information import information
from vaelab.report.figures.ladder import ladder
from vaelab.report.figures.parts import parts
from vaelab.report.figures.unit_map import unit_map as drawn_map
from vaelab.report.html import Html, tag
from vaelab.report.parts import Section, folded, missing, plot, table
from vaelab.report.record import Record
from vaelab.report.units import Event, layer_names, turns, unit_map
from vaelab.report.words import listed
from vaelab.told import typed

MOST_LAYERS, MOST_TURNS = 6, 40


def collapse(record: Record) -> Section:
    surgery = record.part("surgery")
    over_time = [plot(states(record)), plot(information(record))]
    if not any(over_time):
        over_time = [missing("No collapse monitor ran: callbacks.collapse writes information and states as it trains.")]
    cut = [plot(parts(surgery)), plot(ladder(surgery))]
    if not any(cut):
        why = surgery.get("skipped")
        cut = [_not_made("The kl has not been cut into its parts", why, record)]
    return Section("collapse", "Where the kl goes", [*over_time, *cut, *units(record)])


def units(record: Record) -> list[Html]:
    """Two heat-maps a layer; of very many layers some, evenly, and always the top."""
    names = layer_names(record.units)
    if not names:
        return [missing("units.jsonl is not there: this run kept no record of its units.")]
    every = -(-len(names) // MOST_LAYERS)
    shown = names[::-1][::every][::-1]
    maps = [
        plot(drawn_map(found))
        for name in shown
        for kind in ("kl", "variance")
        if (found := unit_map(record.units, name, kind))
    ]
    made = [tag("div", maps, class_="pair"), _turns(turns(record.units))]
    if len(shown) < len(names):
        made.append(missing(f"Of {len(names)} layers {len(shown)} are shown: {listed(shown)}."))
    return made


def _turns(found: list[Event]) -> Html:
    """Who died or came back, by layer and epoch."""
    if not found:
        return tag("p", "No unit that was active has died.")
    at: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for turn in found:
        at[turn["layer"], turn["epoch"], turn["event"]].append(str(turn["unit"]))
    rows = [(layer, epoch, event, listed(units)) for (layer, epoch, event), units in at.items()]
    made = table(("layer", "epoch", "what", "units"), rows[:MOST_TURNS], "Units that died or came back")
    more = f" (the first {MOST_TURNS} of {len(rows)} lines)" if len(rows) > MOST_TURNS else ""
    return folded(f"When units died and came back: {len(found)} times{more}", made)


def _not_made(what: str, why: object, record: Record) -> Html:
    if why:
        return missing(f"{what}: {why}")
    return missing(f"{what}.", f"vaelab diagnose {typed('run', record.folder)}")
