"""metrics.csv: the history as a table."""

import csv
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities import rank_zero_only


class Csv(Logger):
    """<save_dir>/metrics.csv: "step" and every figure in columns by name, a row for each line of history.jsonl.

    Written anew from history.jsonl where a figure is the first of its name, or a run goes on: Lightning's own begins an
    empty file then. (Of one process; history.jsonl is written before.)
    """

    def __init__(self, save_dir: str) -> None:
        super().__init__()
        self._folder = Path(save_dir)
        self._columns: list[str] = []

    @property
    def name(self) -> str:
        return ""

    @property
    def version(self) -> str:
        return ""

    @property
    def save_dir(self) -> str:
        return str(self._folder)

    def log_hyperparams(self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """They are in config.json."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        row = {"step": step, **metrics}
        if not set(row) <= set(self._columns):
            self._rebuild(row)
        with open(self._folder / "metrics.csv", "a", newline="") as file:
            csv.DictWriter(file, self._columns).writerow(row)

    def _rebuild(self, row: dict[str, Any]) -> None:
        """All lines of the history but the newest, which is `row`."""
        path = self._folder / "history.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [{k: v for k, v in json.loads(line).items() if k != "epoch"} for line in lines[:-1]]
        self._columns = sorted({key for some in [*rows, row] for key in some})
        with open(self._folder / "metrics.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(rows)
