"""Ranges of the settings of the commands on a run folder."""

from pathlib import Path
from typing import Any, Literal

from vaelab.config.allowed import refuse_untrusted
from vaelab.config.annotation import Node
from vaelab.config.run_folder import find_checkpoint, read_config
from vaelab.config.types import Count, FilePart, NonNegative, Positive, PositiveInt, Several
from vaelab.config.writable import refuse_unwritable

Split = Literal["train", "val", "test"]
Weights = Literal["best", "last", "raw", "alive"]


def evaluate(
    *,
    run: str,
    split: Split,
    weights: Weights,
    iw_samples: PositiveInt,
    max_rows: PositiveInt,
    max_images: PositiveInt | None,
    information_images: Several | None,
    seed: Count,
    device: str,
) -> None:
    """The settings of conf/evaluate.yaml."""


def sample(
    *,
    run: str,
    weights: Weights,
    split: Split,
    images: PositiveInt,
    temperature: NonNegative | list[NonNegative] | None,
    pictures: dict[str, Node],
    suffix: FilePart,
    seed: Count,
    device: str,
) -> None:
    """The settings of conf/sample.yaml."""


def quality(
    *,
    run: str,
    features: Node,
    split: Split,
    weights: Weights,
    images: PositiveInt | None,
    temperature: NonNegative | list[NonNegative],
    show: Literal["mean", "draw"],
    neighbours: PositiveInt,
    kid_subsets: PositiveInt,
    kid_subset_size: PositiveInt,
    seed: Count,
    device: str,
) -> None:
    """The settings of conf/quality.yaml."""


def diagnose(
    *,
    run: str,
    analyses: dict[str, Node],
    split: Split,
    weights: Weights,
    max_rows: PositiveInt,
    max_minutes: Positive,
    seed: Count,
    device: str,
) -> None:
    """The settings of conf/diagnose.yaml."""


def check_evaluate(cfg: dict[str, Any]) -> None:
    _check(cfg, "evaluate")


def check_sample(cfg: dict[str, Any]) -> None:
    _check(cfg, "sample")


def check_quality(cfg: dict[str, Any]) -> None:
    _check(cfg, "quality")


def check_diagnose(cfg: dict[str, Any]) -> None:
    _check(cfg, "diagnose")


def _check(cfg: dict[str, Any], door: str) -> None:
    """The settings, then the run folder: both before torch is imported."""
    from vaelab.config.check import check

    check({"_target_": f"vaelab.config.doors.{door}", **cfg})
    folder = Path(cfg["run"])
    refuse_untrusted(read_config(folder), folder / "config.json")
    find_checkpoint(folder, cfg["weights"])
    refuse_unwritable(folder)
