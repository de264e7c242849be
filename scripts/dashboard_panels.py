"""The sections of the dashboard: which panels, of which figures, and how they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws
from dashboard_keys import TERMS, Keys

STEP = "trainer/global_step"  # wandb's own step begins again when a run is resumed
WIDE = {"w": 24, "h": 10}
HALF = {"w": 12, "h": 8}


@dataclass(frozen=True)
class Section:
    """A title, how its panels are read, and the panels."""

    name: str
    words: str
    panels: list[Any]


def sections(keys: Keys) -> list[Section]:
    """All sections that have something to show, each panel of keys that are logged alone."""
    every = (_elbo(keys), _information(keys), _collapse(keys), _units(keys), _pictures(keys), _sweep(keys))
    return [section for section in every if section.panels]


def workspace(keys: Keys, entity: str, project: str, name: str) -> ws.Workspace:
    return ws.Workspace(
        entity=entity,
        project=project,
        name=name,
        sections=[ws.Section(name=one.name, is_open=True, panels=one.panels) for one in sections(keys)],
        settings=ws.WorkspaceSettings(x_axis=STEP, smoothing_type="none"),
    )


def report(keys: Keys, entity: str, project: str, name: str) -> wr.Report:
    """The same sections with the words between them, over all runs of the report's own project."""
    blocks: list[Any] = [wr.TableOfContents()]
    for one in sections(keys):
        # a run set that names no project is that of the report's, and needs no server to be written down
        blocks += [wr.H1(one.name), wr.P(one.words), wr.PanelGrid(runsets=[wr.Runset(name="runs")], panels=one.panels)]
    about = "The ELBO split by layer, what the layers carry, and where they collapse. Nats an image."
    return wr.Report(entity=entity, project=project, title=name, description=about, blocks=blocks, width="fluid")


def spec(view: Any) -> dict[str, Any]:
    """What saving a workspace or a report would send."""
    model: dict[str, Any] = view._to_model().model_dump(by_alias=True, mode="json", exclude_none=True)
    return model


def _elbo(keys: Keys) -> Section:
    terms = keys.each(*(f"val/{term}" for term in TERMS))
    panels = [
        *_lines(keys, "elbo", ["val/elbo", "train/elbo"]),
        *_lines(keys, "objective, what is optimised", ["val/objective", "train/objective"]),
        *_lines(keys, "reconstruction", ["val/reconstruction", "train/reconstruction"]),
        *_stack(keys, "kl, layer by layer", terms),
    ]
    words = (
        "elbo = reconstruction - kl. The objective may weigh or bound these otherwise; the elbo is always that of "
        "β = 1, and runs with different objectives are compared by it. The layers' areas add up to kl. A gap between "
        "val and train that grows is overfitting."
    )
    return Section("ELBO", words, panels)


def _information(keys: Keys) -> Section:
    panels = [
        *_stack(keys, "kl = information + marginal KL", keys.each("val/information", "val/marginal_kl")),
        *_lines(keys, "information of each layer", keys.each("val/information")),
        *_lines(keys, "marginal KL of each layer", keys.each("val/marginal_kl")),
    ]
    words = (
        "A layer's kl is the information that its z carries about the image, plus the distance between where the "
        "encoder puts z on the whole and the prior. A large marginal KL says that the prior does not fit: samples are "
        "then worse than reconstructions. Information is at most log n of the n images it is estimated from."
    )
    return Section("Information", words, panels)


def _collapse(keys: Keys) -> Section:
    panels = [
        *_lines(keys, "state: 0 alive, 1 fading, 2 collapsed", keys.each("collapse"), range_y=(0, 2)),
        *_lines(keys, "active units", keys.each("val/active_units")),
    ]
    words = (
        "A unit is active when its posterior mean changes with the image. A collapsed layer has no active unit and "
        "carries next to nothing; `vaelab diagnose run=<folder>` says why."
    )
    return Section("Collapse", words, panels)


def _units(keys: Keys) -> Section:
    maps = [name for name in keys.media if name.startswith("units/")]
    panels = [wr.MediaBrowser(title=name, media_keys=[name], num_columns=1, layout=wr.Layout(**HALF)) for name in maps]
    words = "Each row is a unit, each column an epoch: when units came alive, died, or came back."
    return Section("Units", words, panels)


def _pictures(keys: Keys) -> Section:
    kinds = [name for name in keys.media if name.startswith("images/")]
    panels = [wr.MediaBrowser(title=name, media_keys=[name], num_columns=1, layout=wr.Layout(**HALF)) for name in kinds]
    words = (
        "Samples are draws from the prior; reconstructions go through the encoder; coarse to fine keeps the upper "
        "layers of an image and draws the lower ones anew, and so shows what each layer holds."
    )
    return Section("Pictures", words, panels)


def _sweep(keys: Keys) -> Section:
    figures = keys.those(("val/kl", "val/reconstruction", "val/elbo"))
    if "val/elbo" not in figures:
        return Section("Sweep", "", [])
    columns = [wr.ParallelCoordinatesPlotColumn(wr.Config(key), display_name=key) for key in keys.settings]
    columns += [wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(name)) for name in figures]
    panels: list[Any] = [
        wr.ParallelCoordinatesPlot(title="settings and figures", columns=columns, layout=wr.Layout(**WIDE))
    ]
    if len(figures) == 3:
        rate, distortion, elbo = (wr.SummaryMetric(name) for name in figures)
        panels.append(
            wr.ScatterPlot(title="rate and distortion", x=rate, y=distortion, z=elbo, layout=wr.Layout(**HALF))
        )
    panels += [
        wr.ParameterImportancePlot(with_respect_to="val/elbo", layout=wr.Layout(**HALF)),
        wr.RunComparer(diff_only="split", layout=wr.Layout(**WIDE)),
    ]
    words = (
        "Each line, and each point, is a run. Rate is val/kl, and distortion is the negative of val/reconstruction: "
        "runs on a line of slope 1 have the same elbo and spend it differently."
    )
    return Section("Sweep", words, panels)


def _lines(keys: Keys, title: str, names: list[str], **more: Any) -> Iterator[Any]:
    if shown := keys.those(names):
        yield wr.LinePlot(title=title, x=STEP, y=shown, title_x="step", layout=wr.Layout(**HALF), **more)


def _stack(keys: Keys, title: str, names: list[str]) -> Iterator[Any]:
    yield from _lines(keys, title, names, plot_type="stacked-area", title_y="nats an image")
