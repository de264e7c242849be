"""The page of a sweep."""

import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from vaelab import __version__
from vaelab.printable import printable
from vaelab.report.drawn import Drawn
from vaelab.report.figures.parallel import parallel
from vaelab.report.figures.phase import phase
from vaelab.report.figures.rate_distortion import rate_distortion
from vaelab.report.html import Html, tag
from vaelab.report.page import attempt, page
from vaelab.report.parts import Section, missing, plot
from vaelab.report.record import Record
from vaelab.report.sections.runs import runs
from vaelab.report.sections.seeds import seeds
from vaelab.report.sweep import Row, comparable, rows
from vaelab.report.words import count, told

# what `vaelab train -m` adds
_NOT_TYPED = ("hydra.job.config.override_dirname", "hydra.mode")


def sweep_page(folder: Path, records: list[Record]) -> str:
    found = rows(folder, records)
    some = comparable(found)
    makers: dict[str, Callable[[], Section | None]] = {
        "Runs": lambda: runs(found),
        "Over seeds": lambda: seeds(found),
        "Rate and distortion": lambda: _one(
            "trade", "Rate and distortion", [plot(rate_distortion(some))], "Fewer than two runs have figures yet."
        ),
        "Phase diagram": lambda: _one(
            "phase", "Phase diagram", _maps(phase(some)),
            "A phase diagram needs two settings that differ, for example objective.schedule.value=0.5,1,2,4 "
            "likelihood.variance=0.01,0.1.",
        ),
        "Parallel coordinates": lambda: _one(
            "settings", "Parallel coordinates", [plot(parallel(some))], "Fewer than two runs have figures yet."
        ),
    }  # fmt: skip
    sections = [made for title, make in makers.items() if (made := attempt(title, make))]
    name = folder.resolve().name
    footer = f"Written by vaelab {__version__} from the files of {folder}. This page fetches nothing."
    return page(f"{name} · vaelab sweep", _lead(folder, name, found), sections, footer)


def _maps(drawn: list[Drawn]) -> list[Html | None]:
    """Two side by side, unless each is several already."""
    several = any(len(one.figure.data) > 4 for one in drawn)
    return [tag("div", [plot(one) for one in drawn], class_=None if several else "pair")] if drawn else []


def _one(name: str, title: str, drawn: list[Html | None], otherwise: str) -> Section:
    return Section(name, title, drawn if any(drawn) else missing(otherwise))


def _lead(folder: Path, name: str, found: list[Row]) -> Html:
    counted = ", ".join(f"{n} {status}" for status, n in Counter(row.status for row in found).items())
    best = max(
        (row for row in comparable(found) if "elbo" in row.figures),
        key=lambda row: row.figures["elbo"][0],
        default=None,
    )
    told_best = f"best elbo {told(best.figures['elbo'][0])} nats in run {best.name}" if best else None
    typed = _typed(folder)
    lead = [
        tag("h1", f"Sweep {name}"),
        tag("p", " · ".join(filter(None, [f"{count(len(found), 'run')}: {counted}", told_best])), class_="under"),
    ]
    if typed:
        command = tag("code", shlex.join(["vaelab", "train", "-m", *typed]))
        lead += [
            tag("p", "Run it again:", class_="again"),
            tag("div", command, class_="command", tabindex="0", role="region", aria_label="command"),
        ]
    return tag("div", lead)


def _typed(folder: Path) -> list[str]:
    """The overrides that Hydra wrote down in multirun.yaml."""
    import yaml

    try:
        value = yaml.safe_load((folder / "multirun.yaml").read_text(encoding="utf-8"))
        return [printable(str(item)) for item in value["hydra"]["overrides"]["task"]]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return []
