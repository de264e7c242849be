"""vaelab evaluate: the ELBO split and the importance-weighted bound of a run, with their standard errors."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door

if TYPE_CHECKING:
    from torch import Tensor

    from vaelab.diagnostics.evaluate import SplitFigures
    from vaelab.diagnostics.surgery import Surgery
    from vaelab.training.load import Loaded


# images read at a time, whatever the batches of training: their noise hangs on it
TOGETHER = 128


def evaluate(
    run: "Loaded", split: str, iw_samples: int, max_rows: int, seed: int, max_images: int | None = None
) -> dict[str, Any]:
    """The figures of a split as plain numbers, nats per image: what evaluation.json holds.

    `run` is what `vaelab.load` gives. Every value is a mean over images with its standard error. The `iw_bound` is a
    lower bound on log p(x) at `iw_samples` draws, not the likelihood.
    """
    import torch

    from vaelab.diagnostics.figure import figure
    from vaelab.metrics import bits_per_dim, term

    module, data = run.module, run.data
    figures = per_image(run, split, iw_samples, max_rows, seed, max_images)
    n = len(figures.elbo)

    layers = []
    for l, (aligned, active) in enumerate(zip(figures.aligned, figures.active_units, strict=True)):
        share, units = figure(figures.costs[:, l]), module.hierarchy.z_dims[l]
        layer = {"layer": f"z{l + 1}", term(aligned): share, "active_units": active, "units": units}
        of_units = figures.unit_kl[l]
        layers.append(layer if of_units.isnan().any() else {**layer, "unit_kl": of_units.tolist()})
    report: dict[str, Any] = {
        "split": split,
        "n": n,
        "seed": seed,
        "units": data.units,
        "elbo": figure(figures.elbo),
        "reconstruction": figure(figures.reconstruction),
        "kl": figure(figures.costs.sum(1)),
        # none where evaluation has fewer draws than the objective is made from
        "objective": None if figures.objective.isnan().all() else figure(figures.objective),
        "iw_bound": figure(figures.iw_bound),
        "iw_samples": iw_samples,
        "effective_sample_size": figures.effective_sample_size.mean().item(),
        "layers": layers,
    }
    n_dims = torch.Size(data.x_shape).numel()
    bits = bits_per_dim(report["elbo"]["value"], module.units, n_dims)
    if bits is not None:
        report["bits_per_dim"] = bits
    return report


def per_image(
    run: "Loaded", split: str, iw_samples: int, max_rows: int, seed: int, max_images: int | None = None
) -> "SplitFigures":
    """The same for every image, not yet averaged. Noise hangs on `seed` and the image's place in the split alone, so
    that two models see the same binarised images."""
    from vaelab.diagnostics.evaluate import evaluate_split
    from vaelab.seeding import noise_key, seed_noise

    module, data = run.module, run.data
    loader = data.eval_batches(split, seed, max_images, batch_size=TOGETHER)
    objective = partial(module.objective, step=run.step)

    def batches() -> Iterator["Tensor"]:
        for batch in loader:
            seed_noise(noise_key(batch.key, "evaluate"))
            yield data.in_units(batch._replace(x=batch.x.to(module.device))).x

    with progress(f"{split}: {iw_samples} draws an image", len(loader.x)) as advance:
        group = module.objective.samples or 1
        return evaluate_split(module.hierarchy, batches(), iw_samples, max_rows, objective, advance, group)


def information_of(run: "Loaded", split: str, images: int, max_rows: int, seed: int) -> "Surgery":
    """What each layer carries of `images` spread over a split: see `vaelab.diagnostics.surgery`."""
    from vaelab.data.batches import Batch
    from vaelab.diagnostics.surgery import surgery
    from vaelab.seeding import noise_key, seed_noise

    key = noise_key(seed, "information")
    x = run.data.in_units(Batch(run.data.spread(split, images).to(run.module.device), key)).x
    seed_noise(key)
    return surgery(run.module.hierarchy, x, max_rows)


def evaluate_run(cfg: dict[str, Any]) -> dict[str, Any]:
    """Evaluate a run folder as `cfg` (conf/evaluate.yaml) says, write its evaluation.json and return it."""
    from vaelab.atomic import write_json
    from vaelab.diagnostics.figure import figure
    from vaelab.training.load import load

    run = load(cfg["run"], cfg["weights"], cfg["device"])
    report = evaluate(run, cfg["split"], cfg["iw_samples"], cfg["max_rows"], cfg["seed"], cfg["max_images"])
    report = {"run": str(cfg["run"]), "weights": run.weights, "step": run.step, **report}
    if cfg.get("information_images"):
        told = information_of(run, cfg["split"], cfg["information_images"], cfg["max_rows"], cfg["seed"])
        for layer, nats, saturated in zip(report["layers"], told.information.T, told.saturated, strict=True):
            layer["information"] = {**figure(nats), "n": told.n, "saturated": saturated}
    write_json(report_file(cfg, "evaluation"), report)
    return report


def report_file(cfg: dict[str, Any], name: str) -> Path:
    """<name>.json is of the test split and the best weights; others have their own file beside it."""
    others = [cfg[key] for key, usual in (("split", "test"), ("weights", "best")) if cfg[key] != usual]
    return Path(cfg["run"]) / ("_".join([name, *others]) + ".json")


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="evaluate")
@door
def main(cfg: DictConfig) -> None:
    from vaelab.config.doors import check_evaluate

    settings = plain(cfg)
    check_evaluate(settings)

    from vaelab.tables import evaluation_table, show
    from vaelab.training.machine import keep_memory
    from vaelab.training.quiet import quiet
    from vaelab.written import renew_report, told_before

    quiet()
    keep_memory()
    file = report_file(settings, "evaluation")
    before = told_before(file)
    report = evaluate_run(settings)
    show(evaluation_table(report))
    print(f"written to {file}{before}")
    renew_report(file.parent)


@contextmanager
def progress(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over images in a terminal, nothing elsewhere."""
    from rich.progress import Progress

    with Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(text, total=total)
        yield lambda images: bar.advance(task, images)


if __name__ == "__main__":
    main()
