"""vaelab quality: how far a run's samples are from the images, and how like them its reconstructions are."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door
from vaelab.evaluate import progress, report_file

if TYPE_CHECKING:
    from vaelab.features import Features
    from vaelab.training.load import Loaded

MOST = 10_000  # images, where no setting says how many


def quality(run: "Loaded", features: "Features", cfg: dict[str, Any]) -> dict[str, Any]:
    """The figures of a run's pictures as plain numbers: what quality.json holds.

    `run` is what `vaelab.load` gives, `cfg` has the settings of conf/quality.yaml. A figure that hangs on the feature
    network bears its name. Each figure tells of how many images it is, or its standard error over them. Raises
    ConfigError for too few images, and for a temperature that the model cannot be given.
    """
    from vaelab.diagnostics.figure import figure
    from vaelab.diagnostics.quality import look
    from vaelab.diagnostics.shown import Shown, possible
    from vaelab.metrics.precision_recall import precision_recall
    from vaelab.metrics.quality import fid, kid
    from vaelab.seeding import noise_key

    module, data, split, k = run.module, run.data, cfg["split"], cfg["neighbours"]
    temperature, seed = cfg["temperature"], cfg["seed"]
    n_split = len(data.split(split))
    n_fake = min(MOST, n_split) if cfg["images"] is None else cfg["images"]
    n_real = min(n_fake, n_split)
    _check_temperature(run, temperature)
    _check_number(n_real, k, f"the {split} split has {n_split}")

    shown = Shown(module.hierarchy, data, possible(module.hierarchy, cfg["show"]), module.device)
    features = features.to(module.device)
    with progress(f"{split}: pictures", n_real + n_fake) as advance:
        looked = look(shown, features, split, n_real, n_fake, temperature, seed, advance)
    share = precision_recall(looked.real, looked.fake, k)
    real, fake, name = looked.real.cpu(), looked.fake.cpu(), features.name
    report: dict[str, Any] = {
        "split": split,
        "n_real": n_real,
        "n_fake": n_fake,
        "seed": seed,
        "temperature": temperature,
        "show": shown.show,
        "real_images": shown.real_images,
        "features": {"name": name, "width": features.num_features, **features.facts},
        f"fid_{name}": {"value": fid(real, fake), "n_real": n_real, "n_fake": n_fake},
        f"kid_{name}": kid(real, fake, cfg["kid_subsets"], cfg["kid_subset_size"], noise_key(seed, "kid"))._asdict(),
        f"precision_{name}": {**_share(share.precision, n_fake), "neighbours": k},
        f"recall_{name}": {**_share(share.recall, n_real), "neighbours": k},
        "psnr": figure(looked.psnr),
    }
    if looked.scales is not None and looked.similarity is not None:
        scales = looked.scales
        report[scales.name] = {**figure(looked.similarity), "scales": scales.scales, "window": scales.window}
    return report


def quality_run(cfg: dict[str, Any]) -> dict[str, Any]:
    """Look at a run folder as `cfg` (conf/quality.yaml) says, write its quality.json and return it."""
    from hydra.utils import instantiate

    from vaelab.atomic import write_json
    from vaelab.training.load import load

    run = load(cfg["run"], cfg["weights"], cfg["device"])
    report = quality(run, instantiate(cfg["features"])(run.data), cfg)
    report = {"run": str(cfg["run"]), "weights": run.weights, "step": run.step, **report}
    write_json(report_file(cfg, "quality"), report)
    return report


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="quality")
@door
def main(cfg: DictConfig) -> None:
    from vaelab.config.doors import check_quality

    settings = plain(cfg)
    check_quality(settings)

    from vaelab.tables import quality_table, show
    from vaelab.training.machine import keep_memory
    from vaelab.training.quiet import quiet
    from vaelab.written import renew_report

    quiet()
    keep_memory()
    report = quality_run(settings)
    show(quality_table(report))
    print(f"written to {report_file(settings, 'quality')}")
    renew_report(Path(settings["run"]))


def _check_temperature(run: "Loaded", temperature: float | list[float]) -> None:
    from vaelab.errors import ConfigError
    from vaelab.pictures.picture import temperature_faults
    from vaelab.proposal import Ancestral

    for text in temperature_faults(temperature, run.module.hierarchy.depth):
        raise ConfigError(text)
    try:
        run.module.hierarchy.generate(Ancestral((1,), temperature))
    except NotImplementedError as error:
        raise ConfigError(f"temperature={temperature}: {error}") from error


def _check_number(n: int, neighbours: int, has: str) -> None:
    from vaelab.errors import ConfigError

    least = max(neighbours + 1, 4)
    if n < least:
        raise ConfigError(f"images={n} is too few for neighbours={neighbours}: {least} or more are needed; {has}")


def _share(share: float, n: int) -> dict[str, float]:
    """Of n images, those counted; the standard error is that of a share, for the manifold as it is."""
    return {"value": share, "stderr": (share * (1 - share) / n) ** 0.5}


if __name__ == "__main__":
    main()
