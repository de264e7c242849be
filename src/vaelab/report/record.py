"""Everything a run folder holds, as it was read."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vaelab.config.run_folder import read_overrides
from vaelab.printable import printable
from vaelab.readable import read_json, read_lines
from vaelab.report.cap import Cap
from vaelab.report.choices import Choices, read_choices
from vaelab.report.read import number, read_stopped

MOST_POINTS = 1000  # of a curve: more cannot be seen, and make the page heavy
_EPOCH_PICTURE = re.compile(r"_epoch\d+\.png$")


@dataclass(frozen=True)
class Series:
    """One figure over a run: its values at steps, and the epochs that had begun (from 1). Finite values only."""

    step: list[int]
    epoch: list[int]
    value: list[float]

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True)
class Record:
    """A run folder, read when asked. What is missing or torn is empty, never an error."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        return read_json(self.folder / "config.json")

    @cached_property
    def overrides(self) -> list[str]:
        return [printable(one) for one in read_overrides(self.folder)]  # they are copied into terminals

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / "history.jsonl")

    @cached_property
    def units(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / "units.jsonl")

    @cached_property
    def segments(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / "segments.jsonl")

    @cached_property
    def diagnosis(self) -> dict[str, Any]:
        """diagnosis.json, of the test split and the best weights; else that of another split or other weights."""
        others = sorted(self.folder.glob("diagnosis_*.json"))
        return next(filter(None, map(read_json, [self.folder / "diagnosis.json", *others])), {})

    @cached_property
    def quality(self) -> dict[str, Any]:
        return read_json(self.folder / "quality.json")

    @cached_property
    def done(self) -> bool:
        return (self.folder / "DONE.json").exists()

    @cached_property
    def stopped(self) -> dict[str, Any]:
        """STOPPED.json of a run that a signal ended, else {}."""
        return read_stopped(self.folder)

    @cached_property
    def choices(self) -> Choices:
        return read_choices(self.folder)

    @cached_property
    def cap(self) -> Cap:
        """What the number of images let the diagnosis tell of information."""
        return Cap.of(self.part("surgery"))

    @cached_property
    def watched_cap(self) -> Cap:
        """The same of the last check of the collapse monitor."""
        nats = {layer: self.last(f"val/information/{layer}") for layer in self.layers}
        chain = any(self.term(layer) == "log_ratio" for layer in self.layers)
        return Cap.at(self.last("val/information_images"), nats, chain)

    @cached_property
    def evaluations(self) -> list[dict[str, Any]]:
        """evaluation.json first, then those of other splits and weights."""
        paths = sorted(self.folder.glob("evaluation*.json"), key=lambda path: (len(path.name), path.name))
        return [found for found in map(read_json, paths) if found]

    @cached_property
    def pictures(self) -> list[Path]:
        """The last picture of each kind: those of an epoch are of a model that is gone."""
        paths = sorted((self.folder / "images").glob("*.png"))
        return [path for path in paths if not _EPOCH_PICTURE.search(path.name)]

    @cached_property
    def layers(self) -> list[str]:
        """z1, z2, …: every layer that a file speaks of, the one next to the data first."""
        found = {name for row in self.history for key in row if (name := _layer(key))}
        for evaluation in self.evaluations:
            listed = evaluation.get("layers")
            found |= {str(layer.get("layer")) for layer in listed or [] if isinstance(layer, dict)}
        return sorted(found, key=natural)

    def part(self, name: str) -> dict[str, Any]:
        """One analysis of diagnosis.json; {} when it was not made."""
        value = self.diagnosis.get(name)
        return value if isinstance(value, dict) else {}

    def series(self, key: str) -> Series:
        """The figure `key` of history.jsonl. Of very many points some are kept, evenly, the last among them.

        Of two lines at a step the first counts: the other is the evaluation after training, of the best weights.
        """
        at: dict[int, tuple[dict[str, Any], float]] = {}
        for row in self.history:
            if (value := number(row.get(key))) is not None:
                at.setdefault(int(number(row.get("step")) or 0), (row, value))
        rows = list(at.values())
        every = -(-len(rows) // MOST_POINTS) or 1
        rows = rows[::-1][::every][::-1]
        steps = [int(number(row.get("step")) or 0) for row, _ in rows]
        epochs = [int(number(row.get("epoch")) or 0) + 1 for row, _ in rows]
        return Series(steps, epochs, [short(value) for _, value in rows])

    def last(self, key: str) -> float | None:
        values = self.series(key).value
        return values[-1] if values else None

    def term(self, layer: str) -> str:
        """What a layer's share of the kl is called: `kl`, or `log_ratio` where it is none."""
        told = any(f"val/log_ratio/{layer}" in row or f"train/log_ratio/{layer}" in row for row in self.history)
        return "log_ratio" if told else "kl"


def natural(name: str) -> tuple[Any, ...]:
    """z2 before z10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))


def short(value: float) -> float:
    """Six digits are more than a figure shows."""
    return float(f"{value:.6g}")


def _layer(key: str) -> str | None:
    stage, _, rest = key.partition("/")
    term, _, layer = rest.partition("/")
    return layer if stage in ("train", "val") and term in ("kl", "log_ratio") and layer else None
