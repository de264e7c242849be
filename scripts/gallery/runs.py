"""Every run that a page of the gallery looks at: what it is trained with, and what is asked of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """`measures` are those of gallery/measure.py. `weights`: `best` is the best by the ELBO at β = 1, and so no choice
    for a run of another β."""

    name: str
    overrides: tuple[str, ...]
    analyses: tuple[str, ...] = ("units", "surgery")
    settings: tuple[str, ...] = ()  # of the analyses
    measures: tuple[str, ...] = ()
    also: tuple[tuple[str, ...], ...] = ()  # other commands of vaelab, whose output docs/commands.md shows
    weights: str = "best"
    epochs: int | None = 40  # None: those of its experiment


FIXED = ("seed=0", "threads=1", "logger=csv", "report=false")
VAE = ("model=vae",)
CONSTANT = (*VAE, "objective=beta", "objective/schedule=constant")
RISING = (*VAE, "objective=beta", "objective.schedule.end=40", "objective.schedule.warmup_steps=310")
BETAS = ("0", "0.1", "0.3", "1", "3", "10", "30")
VARIANCES = ("0.01", "0.03", "0.1", "1", "10")
WHY = ("units", "surgery", "skip_bound", "spectrum", "lagging")
GAUSSIAN = ("likelihood=gaussian",)
BLUR = ("units", "blur")
THREE = ("model=hvae", "model.z_dims=[32,16,8]")
WARM = ("objective=beta", "objective/schedule=linear", "objective.schedule.warmup_steps=600")
ALSO = (("evaluate", "split=val", "iw_samples=1000"), ("sample", "temperature=0.8"), ("report",), ("watch", "--once"))
FLOOR = ("objective=free_bits", "objective.floor_nats=4")
# what the verdict on the collapsed PixelCNN says to try
WEAK = ("likelihood.layers=1", "likelihood.kernel=3")
PIXELS = (
    *("experiment=pixelvae_mnist", "data=digits", "data.transform=static_binarisation"),
    *("optimizer.lr=0.002", "evaluation.iw_samples=10"),
)


def _beta(beta: str) -> Run:
    analyses = WHY if beta == "30" else ("units", "surgery")
    measures = ("samples",) if beta in ("0", "1") else ()
    overrides = (*CONSTANT, f"objective.schedule.value={beta}")
    return Run(f"beta_{beta}", overrides, analyses, measures=measures, weights="last")


def _sigma(variance: str) -> Run:
    overrides = (*VAE, *GAUSSIAN, f"likelihood.variance={variance}")
    # images of this σ² are shown; at σ² = 10 there is nothing to see
    measures = ("blur",) if variance in ("0.01", "0.1", "1") else ()
    return Run(f"sigma_{variance}", overrides, (*WHY, "blur"), measures=measures)


def _pixels(name: str, epochs: int, *overrides: str) -> Run:
    return Run(name, (*PIXELS, *overrides), ("units", "surgery", "skip_bound", "spectrum"), epochs=epochs)


def _plane(kind: str) -> Run:
    """All 500 images, and on a grid where there is one layer."""
    grid = ("gap", "posterior_grid") if kind != "hvae" else ("gap",)
    settings = tuple(f"analyses.{analysis}.images=500" for analysis in grid)
    measures = ("posterior",) if kind != "hvae" else ()
    overrides = (f"experiment=two_paths_{kind}",)
    return Run(f"two_paths_{kind}", overrides, ("units", *grid), settings, measures, epochs=None)


def _three(name: str, *overrides: str) -> Run:
    measures = ("coarse_to_fine",) if name == "top_down_free_bits" else ()
    also = ALSO if name == "top_down_warm_up" else ()
    return Run(name, (*THREE, *overrides), ("units", "surgery", "skip_bound"), measures=measures, also=also)


ALL = [
    # the longest first, so that two at a time end together
    *(_plane(kind) for kind in ("hvae", "flow", "iwae", "vae")),
    _pixels("pixelcnn_long", 40),
    _pixels("pixelcnn", 20),
    _pixels("pixelcnn_weak", 20, *WEAK),
    _pixels("pixelcnn_free_bits", 20, *FLOOR),
    _three("top_down_warm_up", "encoder=top_down", *WARM),
    _three("top_down_free_bits", "encoder=top_down", *FLOOR),
    _three("top_down_elbo", "encoder=top_down"),
    _three("bottom_up_warm_up", "encoder=bottom_up", *WARM),
    _three("bottom_up_elbo", "encoder=bottom_up"),
    *(_sigma(variance) for variance in VARIANCES),
    *(_beta(beta) for beta in BETAS),
    Run("beta_rising", RISING, WHY, weights="last"),
    Run("sigma_0.1_plane", (*VAE, "model.z_dims=[2]", *GAUSSIAN, "likelihood.variance=0.1"), BLUR, measures=("blur",)),
    Run("plane_0", (*CONSTANT, "model.z_dims=[2]", "objective.schedule.value=0"), measures=("codes",), weights="last"),
    Run("plane_1", (*CONSTANT, "model.z_dims=[2]", "objective.schedule.value=1"), measures=("codes",), weights="last"),
]
RUNS = {run.name: run for run in ALL}


def training(run: Run, folder: str) -> list[str]:
    """What `vaelab` is called with, groups before the settings in them."""
    epochs = () if run.epochs is None else (f"trainer.max_epochs={run.epochs}",)
    given = (*run.overrides, *FIXED, *epochs)
    order = sorted(given, key=lambda o: ("." in o.split("=")[0], not o.startswith("experiment")))
    return ["train", *order, f"hydra.run.dir={folder}"]


def diagnosing(run: Run, folder: str) -> list[str]:
    return ["diagnose", f"run={folder}", f"analyses=[{','.join(run.analyses)}]", *run.settings, *_weights(run)]


def asking(run: Run, folder: str) -> dict[str, list[str]]:
    """All that is asked of a trained run, by the name of the door."""
    evaluate = {"evaluate": ["evaluate", f"run={folder}", "iw_samples=100", *_weights(run)]} if _weights(run) else {}
    also = {door: [door, f"run={folder}", *rest] for door, *rest in run.also}
    return {**evaluate, "diagnose": diagnosing(run, folder), **also}


def _weights(run: Run) -> list[str]:
    return [] if run.weights == "best" else [f"weights={run.weights}"]
