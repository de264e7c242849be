"""sweep.csv: a row for each job. sweep_over_seeds.csv: what is the same but for the seed, as a mean with its error."""

import csv
import io
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaelab.atomic import write_atomically
from vaelab.report.config_diff import differing, written
from vaelab.report.record import Record
from vaelab.report.sweep import FIGURES, figures_of
from vaelab.sweep.state import state_of

# how a run is watched makes no difference to its figures
_HIDDEN = ("logger.", "returns", "gpus_per_job", "report")


def write_tables(folder: Path, runs: Sequence[Path]) -> list[str]:
    """Write both, the second where there are several seeds; the lines that say so."""
    records = [Record(run) for run in runs]
    found = differing([record.config for record in records])
    settings = {name: values for name, values in found.items() if not name.startswith(_HIDDEN)}
    figures = [figures_of(record) for record in records]
    known = [key for key in FIGURES if any(key in row for row in figures)]
    table = []
    for i, run in enumerate(runs):
        row: dict[str, Any] = {"job": run.name, "state": state_of(run)}
        row |= {name: written(values[i]) for name, values in settings.items()}
        for key in known:
            row[key], row[f"{key}_stderr"] = map(_number, figures[i].get(key, (math.nan, math.nan)))
        table.append(row)
    lines = [_write(folder / "sweep.csv", table)]
    if "seed" in settings:
        lines.append(_write(folder / "sweep_over_seeds.csv", over_seeds(table, list(settings), known)))
    return lines


def over_seeds(table: Sequence[dict[str, Any]], settings: Sequence[str], known: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each choice of the settings but the seed: n finished runs, the mean of each figure over them, and its
    standard error, which tells how much of a difference is the seed's doing; "" for fewer than two runs."""
    others = [name for name in settings if name != "seed"]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in table:
        if row["state"] == "finished":
            groups.setdefault(tuple(row[name] for name in others), []).append(row)
    made = []
    for key, rows in groups.items():
        line: dict[str, Any] = dict(zip(others, key, strict=True)) | {"n": len(rows)}
        for name in known:
            values = [float(row[name]) for row in rows if row[name] != ""]
            line[name] = statistics.fmean(values) if values else ""
            line[f"{name}_stderr"] = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else ""
        made.append(line)
    return made


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else ""


def _write(path: Path, table: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in table for key in row)))
    writer.writeheader()
    writer.writerows(table)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
    return f"written to {path}"
