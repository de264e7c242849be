"""Runs that differ by their seed alone, as a mean with its error."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaelab.report.config_diff import written

SEED = "seed"
Figure = tuple[float, float]  # mean, standard error (NaN: not known)


@dataclass(frozen=True)
class OverSeeds:
    """`n` runs of the same settings. The standard error is over the runs: how much of a difference is the seed's."""

    settings: dict[str, Any]
    n: int
    figures: dict[str, Figure]


def over_seeds(runs: Sequence[tuple[Mapping[str, Any], Mapping[str, Figure]]]) -> list[OverSeeds]:
    """(settings, figures) of runs, together where all settings but the seed are the same, in the order in which they
    come; [] where the seed does not differ. A single run has a mean and no error."""
    if not any(SEED in settings for settings, _ in runs):
        return []
    groups: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Figure]]]] = {}
    for settings, figures in runs:
        groups.setdefault(written({key: settings[key] for key in settings if key != SEED}), []).append(
            (settings, figures)
        )
    found = []
    for group in groups.values():
        keys = dict.fromkeys(key for _, figures in group for key in figures)
        values = {key: [figures[key][0] for _, figures in group if key in figures] for key in keys}
        shared = {key: value for key, value in group[0][0].items() if key != SEED}
        found.append(OverSeeds(shared, len(group), {key: _mean(some) for key, some in values.items()}))
    return found


def _mean(values: Sequence[float]) -> Figure:
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.fmean(values), error
