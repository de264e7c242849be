"""What a drawing reads: the files of run folders, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from gallery.runs import RUNS

# what stands in the text: a number, or words
Numbers = dict[str, float | str]


@dataclass(frozen=True)
class Picture:
    """One figure: its file is docs/figures/<name>.png; `draw` gives it and the numbers that the text says of it."""

    name: str
    runs: tuple[str, ...]
    draw: Callable[["Read"], tuple[Figure, Numbers]]


@dataclass(frozen=True)
class Read:
    """Run folders by name, below one folder."""

    folder: Path

    def json(self, run: str, file: str) -> dict[str, Any]:
        return json.loads((self.folder / run / f"{file}.json").read_text())

    def evaluation(self, run: str) -> dict[str, Any]:
        return self.json(run, f"evaluation{_suffix(run)}")

    def diagnosis(self, run: str) -> dict[str, Any]:
        return self.json(run, f"diagnosis{_suffix(run)}")

    def history(self, run: str, key: str) -> tuple[list[int], list[float]]:
        """Epochs, counted from 1, and the values of a figure."""
        lines = [json.loads(line) for line in (self.folder / run / "history.jsonl").read_text().splitlines()]
        found = [(line["epoch"] + 1, line[key]) for line in lines if key in line]
        return [epoch for epoch, _ in found], [value for _, value in found]

    def arrays(self, run: str, name: str) -> dict[str, np.ndarray]:
        with np.load(self.folder / run / f"{name}.npz") as file:
            return {key: file[key] for key in file}

    def log(self, run: str, step: str) -> str:
        return (self.folder / run / f"{step}.log").read_text()


def _suffix(run: str) -> str:
    """Of a report on other weights than the best."""
    return "" if RUNS[run].weights == "best" else f"_{RUNS[run].weights}"


def active(evaluation: dict[str, Any]) -> str:
    """'12 of 20', or of several layers '12 of 32, 4 of 16'."""
    return ", ".join(f"{layer['active_units']} of {layer['units']}" for layer in evaluation["layers"])


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pm(figure: dict[str, float], digits: int = 1) -> str:
    return f"{figure['value']:.{digits}f} ± {figure['stderr']:.{digits}f}"
