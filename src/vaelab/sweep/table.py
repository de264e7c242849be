"""sweep.csv: a row for each job. sweep_over_seeds.csv: what is the same but for the seed, as a mean with its error."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vaelab.atomic import write_atomically
from vaelab.report.config_diff import differing, written
from vaelab.report.record import Record
from vaelab.report.seeds import Figure, over_seeds
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
    rows = [{name: values[i] for name, values in settings.items()} for i in range(len(runs))]
    states = [state_of(run) for run in runs]
    table = [
        {"job": run.name, "state": state, **_told(row, figures[i], known)}
        for i, (run, state, row) in enumerate(zip(runs, states, rows, strict=True))
    ]
    lines = [_write(folder / "sweep.csv", table)]
    done = [(row, figures[i]) for i, (row, state) in enumerate(zip(rows, states, strict=True)) if state == "finished"]
    if means := over_seeds(done):
        over = [{**_told(one.settings, one.figures, known), "n": one.n} for one in means]
        lines.append(_write(folder / "sweep_over_seeds.csv", over))
    return lines


def _told(settings: Mapping[str, Any], figures: Mapping[str, Figure], known: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: written(value) for name, value in settings.items()}
    for key in known:
        row[key], row[f"{key}_stderr"] = map(_number, figures.get(key, (math.nan, math.nan)))
    return row


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else ""


def _write(path: Path, table: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in table for key in row)))
    writer.writeheader()
    writer.writerows(table)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
    return f"written to {path}"
