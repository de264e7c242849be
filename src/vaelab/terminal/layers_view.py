"""A row for each layer: its nats, its state, its units."""

import math
from typing import Any

from rich.table import Table
from rich.text import Text

from vaelab.terminal.glyphs import Glyphs
from vaelab.terminal.record import Record
from vaelab.terminal.strip import strip

COLOURS = {"alive": "green", "fading": "yellow", "collapsed": "bold red"}
LEAST_FULL = 0.1  # nats: a full bar is the largest unit of any layer, and never less than this
COLUMNS = {"information": "information", "marginal_kl": "marginal kl"}


def layers_table(record: Record, names: list[str], width: int, signs: Glyphs, units: dict[str, int]) -> Table:
    """One row for each of `names`; `units`: how many each layer has. Columns without any figure are left out.

    The strip is of the units' KL, largest first, on one scale for all layers; where a layer's term is no KL, it is of
    Var_x E_q[z_u | x], full at 1.
    """
    terms = {name: next((t for t in ("kl", "log_ratio") if f"val/{t}/{name}" in record.latest), "") for name in names}
    kinds = sorted({term for term in terms.values() if term})
    told = [key for key in COLUMNS if any(f"val/{key}/{name}" in record.latest for name in names)]
    counted = any(_count(record, name, units) for name in names)
    states = any(record.state(name) for name in names)
    strips = {name: _figures(record.units[name]) for name in names if name in record.units}
    full = max([LEAST_FULL, *(v for kind, values in strips.values() if kind == "kl" for v in values)])

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("layer", no_wrap=True)
    taken = 7
    heads = [kinds[0] if len(kinds) == 1 else "term"] if kinds else []
    heads += [COLUMNS[key] for key in told] + ["active"] * counted + ["state"] * states
    rows = []
    for name in names:
        row: list[str | Text] = []
        if kinds:
            figure = _number(record, f"val/{terms[name]}/{name}")
            row.append(f"{terms[name]} {figure}" if len(kinds) > 1 else figure)
        row += [_number(record, f"val/{key}/{name}") for key in told]
        row += [_count(record, name, units)] * counted
        row += [Text(record.state(name), COLOURS.get(record.state(name), ""))] * states
        rows.append(row)
    for i, title in enumerate(heads):
        table.add_column(title, justify="left" if title == "state" else "right", no_wrap=True)
        taken += max(len(title), *(len(row[i]) for row in rows)) + 2
    if strips and width - taken > 7:
        table.add_column("units by " + " or ".join(sorted({kind for kind, _ in strips.values()})), no_wrap=True)
        for name, row in zip(names, rows, strict=True):
            kind, values = strips.get(name, ("kl", []))
            row.append(strip(values, full if kind == "kl" else 1.0, width - taken, signs))
    for name, row in zip(names, rows, strict=True):
        table.add_row(name, *row)
    return table


def _figures(entry: dict[str, Any]) -> tuple[str, list[float]]:
    """Of a layer's entry in units.jsonl: the units' KL, or their variance where there is none."""
    for kind in ("kl", "variance"):
        if isinstance(entry.get(kind), list):
            return kind, [float(v) if isinstance(v, int | float) and math.isfinite(v) else 0.0 for v in entry[kind]]
    return "kl", []


def _count(record: Record, name: str, units: dict[str, int]) -> str:
    """n of d active units, without d where nothing tells it."""
    active = record.latest.get(f"val/active_units/{name}")
    if active is None:
        return ""
    return f"{active:.0f}" + (f" of {units[name]}" if name in units else "")


def _number(record: Record, key: str) -> str:
    return f"{record.latest[key]:.2f}" if key in record.latest else ""
