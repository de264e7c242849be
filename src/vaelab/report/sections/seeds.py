"""What is the seed's doing, and what is not: means over seeds with their errors."""

from vaelab.report.figures.seeds import seeds_figure
from vaelab.report.parts import Section, plot, table
from vaelab.report.seeds import OverSeeds, over_seeds
from vaelab.report.sweep import FIGURES, Row
from vaelab.report.words import value, with_error

_WHAT = {"active": "active units (share)", "marginal_kl": "marginal KL"}


def seeds(rows: list[Row]) -> Section | None:
    """A line for each choice of the settings but the seed, and the elbo of each as a point; None for a single seed."""
    found = over_seeds([(row.settings, row.figures) for row in rows if row.evaluated])
    if not found or max(one.n for one in found) < 2:
        return None
    figures = [key for key in FIGURES if any(key in one.figures for one in found)]
    settings = list(dict.fromkeys(name for one in found for name in one.settings))
    lines = [
        [_name(one), *(value(one.settings.get(name, "–")) for name in settings[1:]), str(one.n)]
        + [with_error(one.figures.get(key)) for key in figures]
        for one in found
    ]
    head = [settings[0] if settings else "settings", *settings[1:], "seeds", *(_WHAT.get(key, key) for key in figures)]
    caption = "Means over the seeds, nats an image, ± the standard error of the mean over the runs"
    return Section("seeds", "Over seeds", [plot(seeds_figure(found)), table(head, lines, caption)])


def _name(one: OverSeeds) -> str:
    return value(next(iter(one.settings.values()), "all"))
