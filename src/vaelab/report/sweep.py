"""The runs of a sweep as rows: what was set differently, and what came of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaelab.diagnostics.collapse import NAMES
from vaelab.report.cap import near
from vaelab.report.choices import name_of
from vaelab.report.config_diff import differing, written
from vaelab.report.figures.collapse import state
from vaelab.report.figures.information import parts_of
from vaelab.report.read import figure, number
from vaelab.report.record import Record

Figure = tuple[float, float]  # mean, standard error (NaN: not known)
# nats an image, or a share; in the order of the table
FIGURES = ("elbo", "reconstruction", "kl", "iw_bound", "active", "information", "marginal_kl")
_GREEK = {"likelihood.variance": "σ²", "objective.schedule.value": "β", "objective.schedule.end": "β at the end"}
_HIDDEN = ("logger.", "callbacks.", "trainer.enable_", "threads")


@dataclass(frozen=True)
class Row:
    """One run. `settings` are those that differ in the sweep; `figures` has what is known; state "" is not known.

    `cap`: log n, the most nats of information that the images of the surgery can tell.
    """

    name: str
    record: Record
    status: str
    settings: dict[str, Any]
    figures: dict[str, Figure]
    state: str
    cap: float = math.inf

    @property
    def evaluated(self) -> bool:
        """Whether its figures are of an evaluation, and not of the last validation."""
        return bool(self.record.evaluations)

    def bound(self, key: str) -> str:
        """'≥' for an information within a nat of log n, '≤' for the marginal KL that has the rest; else ''."""
        signs = {"information": "≥", "marginal_kl": "≤"}
        if key not in signs or "information" not in self.figures:
            return ""
        return signs[key] if near(self.figures["information"][0], self.cap) else ""


def rows(folder: Path, records: Sequence[Record]) -> list[Row]:
    """A row for each run, those that failed or are still running among them."""
    started = [record for record in records if record.config]
    columns = settings_of(started)
    place = {id(record): i for i, record in enumerate(started)}
    found = []
    for record in records:
        i = place.get(id(record))
        settings = {} if i is None else {name: values[i] for name, values in columns.items()}
        name = str(record.folder.relative_to(folder))
        cap = record.cap.nats if figure(record.part("surgery").get("kl")) else record.watched_cap.nats
        found.append(Row(name, record, _status(record), settings, figures_of(record), _state(record), cap))
    return found


def settings_of(records: Sequence[Record]) -> dict[str, list[Any]]:
    """What differs between the runs, under the name that the papers give it: β, σ², L."""
    shared = differing([record.config for record in records])
    found: dict[str, list[Any]] = {}
    depths = [_depth(record) for record in records]
    if len(set(depths)) > 1:
        found["L"] = depths
    for path, values in shared.items():
        if not path.startswith(_HIDDEN) and not path.endswith("_partial_"):
            name = path.removesuffix("._target_")
            short = [name_of(name, str(v)) for v in values] if path.endswith("_target_") else values
            found[_GREEK.get(name, name)] = [v if number(v) is not None else written(v) for v in short]
    if "L" in found and len({written(value) for value in shared.get("model.z_dims", [])}) == len(set(depths)):
        del found["model.z_dims"]  # L says the same
    first = [name for name in ("β", "β at the end", "σ²", "L") if name in found]
    return {name: found[name] for name in [*first, *found]}


def comparable(rows: Sequence[Row]) -> list[Row]:
    """The runs whose figures may be held against each other: the evaluated ones, or all while fewer than two are."""
    evaluated = [row for row in rows if row.evaluated]
    return evaluated if len(evaluated) > 1 else list(rows)


def values_of(rows: Sequence[Row], name: str) -> list[Any]:
    """Every value that a setting has, in order: numbers, then words."""
    found = {row.settings[name] for row in rows}
    return sorted(found, key=lambda value: (number(value) is None, number(value) or 0, str(value)))


def figures_of(record: Record) -> dict[str, Figure]:
    """The evaluation's figures, or the last of the validation; `active` is the share of active units."""
    first = record.evaluations[0] if record.evaluations else {}
    found: dict[str, Figure] = {}
    for key in ("elbo", "reconstruction", "kl", "iw_bound"):
        last = record.last(f"val/{key}")
        value = figure(first.get(key)) or (None if last is None else (last, float("nan")))
        if value:
            found[key] = value
    layers = [layer for layer in first.get("layers") or [] if isinstance(layer, dict)]
    counted = [(number(layer.get("active_units")), number(layer.get("units"))) for layer in layers]
    if counted and all(active is not None and units for active, units in counted):
        found["active"] = (sum(a or 0 for a, _ in counted) / sum(u or 0 for _, u in counted), float("nan"))
    return found | _cut(record)


def _cut(record: Record) -> dict[str, Figure]:
    """Information and marginal KL, each summed over the parts of kl: of the diagnosis, else of the last check."""
    found: dict[str, Figure] = {}
    surgery = record.part("surgery")
    parts = [part for part in surgery.get("parts") or [] if isinstance(part, dict)]
    for kind, whole in (("information", "mutual_information"), ("marginal_kl", "marginal_kl")):
        if known := figure(surgery.get(whole)):
            found[kind] = known
            continue
        some = [f for part in parts if str(part.get("name")).startswith(f"{kind}/") and (f := figure(part))]
        if not some:
            checks = [record.last(f"val/{name}") for name in parts_of(record) if name.startswith(f"{kind}/")]
            some = [(value, float("nan")) for value in checks if value is not None]
        if some:
            # the errors of parts of the same images hang together: no error of the sum is told but of one part
            found[kind] = (sum(v for v, _ in some), some[0][1] if len(some) == 1 else float("nan"))
    return found


def _depth(record: Record) -> int:
    model = record.config.get("model")
    dims = model.get("z_dims") if isinstance(model, dict) else None
    return len(dims) if isinstance(dims, list) else len(record.layers)


def _status(record: Record) -> str:
    if record.done:
        return "finished"
    if record.stopped:
        return "failed" if "error" in record.stopped else "stopped"
    return "not finished" if record.history else "no figures" if record.config else "did not start"


def _state(record: Record) -> str:
    """The state of the layer that is worst off."""
    judged = [str(layer.get("state")) for layer in record.part("verdict").get("layers") or []]
    last = [record.last(f"collapse/{layer}") for layer in record.layers]
    judged = judged or [state(value) for value in last if value is not None]
    known = [word for word in judged if word in NAMES]
    return max(known, key=NAMES.index) if known else ""
