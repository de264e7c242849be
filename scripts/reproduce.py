"""Train a table of published models on mnist5k and write docs/results.md from what came out.

python scripts/reproduce.py                      all of them, two at a time: within an hour on 2 cores
python scripts/reproduce.py --only vae iwae-5    some of them; the page keeps the others' last rows
python scripts/reproduce.py --page               no run, the page alone

A run that is finished is not done again; remove its folder under outputs/reproduce to have it done again.
"""

import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "outputs" / "reproduce"
PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


@dataclass(frozen=True)
class Model:
    """One run: an experiment with overrides, and how many draws and images its figures are worth the time for."""

    title: str
    experiment: str | None
    overrides: tuple[str, ...] = ()
    iw_samples: int = 5000
    information_images: int = 500  # whose squares are passed


IWAE = ("data.batch_size=100", "trainer.max_epochs=100", "trainer.check_val_every_n_epoch=2")
ELBO = ("objective=elbo", "~objective.samples")
LADDER = ("data.batch_size=100", "trainer.max_epochs=150", "optimizer.lr=0.001", "optimizer.cosine_decay=true")
WARM, COLD = "objective.schedule.warmup_steps=1000", "objective.schedule.warmup_steps=0"
PLAIN = ("encoder.net.norm=none", "decoder.net.norm=none")
STATIC = ("trainer.max_epochs=120", "objective.schedule.warmup_steps=800", "optimizer.cosine_decay=true")
COSINE = "optimizer.cosine_decay=true"
BYTES = (
    *("model=vae", "model.z_dims=[50]", "encoder=bottom_up", "encoder/net=conv", "decoder/net=conv"),
    *("likelihood=discretised_logistic_mixture", "likelihood.mixtures=5"),
)
TWO = ("model=hvae", "model.z_dims=[100,50]", "encoder=bottom_up")
# the longest first, so that two at a time end together
MODELS: dict[str, Model] = {
    "pixelvae": Model(
        "PixelVAE, gated PixelCNN decoder",
        "pixelvae_mnist",
        ("data.batch_size=100", "trainer.max_epochs=24", "trainer.check_val_every_n_epoch=2"),
        iw_samples=10,
    ),
    "iwae-50": Model("IWAE, k = 50", "iwae_mnist", (*IWAE, "objective.samples=50")),
    "conv-hvae": Model(
        "convolutional, 2 layers, VampPrior", "conv_hvae_mnist", (*STATIC[1:], "trainer.max_epochs=50"), 1000
    ),
    "lvae": Model("LVAE, 5 layers (BN, WU)", "lvae_mnist", (*LADDER, WARM)),
    "vae-5-bn-wu": Model("VAE, 5 layers, BN, WU", "lvae_mnist", (*LADDER, WARM, "encoder=bottom_up")),
    "vae-5-bn": Model("VAE, 5 layers, BN", "lvae_mnist", (*LADDER, COLD, "encoder=bottom_up")),
    "vae-5": Model("VAE, 5 layers", "lvae_mnist", (*LADDER, *PLAIN, COLD, "encoder=bottom_up")),
    "vae-1-bn-wu": Model("VAE, 1 layer, BN, WU", "lvae_mnist", (*LADDER, WARM, "model=vae", "model.z_dims=[64]")),
    "iwae-5": Model("IWAE, k = 5", "iwae_mnist", (*IWAE, "objective.samples=5")),
    "vdvae-tiny": Model("residual hierarchy, 11 layers", "vdvae_tiny", ("trainer.max_epochs=12", COSINE), 10, 100),
    "vae-bytes": Model("VAE, convolutions", None, (*BYTES, "trainer.max_epochs=100", COSINE), 1000),
    "vampprior": Model("VAE, VampPrior", "vampprior_mnist", STATIC),
    "standard-normal": Model("VAE, N(0, I)", "vampprior_mnist", (*STATIC, "prior=standard_normal")),
    "vae-2": Model("VAE, 2 layers", "iwae_mnist", (*IWAE, *TWO, *ELBO)),
    "vae": Model("VAE", "iwae_mnist", (*IWAE, *ELBO)),
}
TABLES: dict[str, tuple[str, ...]] = {
    "Importance-weighted (Burda et al. 2016; dynamic binarisation; tanh 200-200)": (
        "vae",
        "iwae-5",
        "iwae-50",
        "vae-2",
    ),
    "Ladder (Sønderby et al. 2016; dynamic binarisation; 512-256-128-64-32)": (
        *("vae-1-bn-wu", "vae-5", "vae-5-bn", "vae-5-bn-wu", "lvae"),
    ),
    "Bytes (Child 2021; a mixture of five logistics)": ("vae-bytes", "vdvae-tiny"),
    "Priors and decoders (static binarisation)": ("standard-normal", "vampprior", "conv-hvae", "pixelvae"),
}
# of each claim: the better and the worse
ORDER = (
    ("IWAE-50 ≥ VAE", "iwae-50", "vae"),
    ("IWAE-5 ≥ VAE", "iwae-5", "vae"),
    ("LVAE ≥ 1-layer VAE with the same budget", "lvae", "vae-1-bn-wu"),
    ("LVAE ≥ 5-layer VAE", "lvae", "vae-5"),
    ("VampPrior ≥ N(0, I)", "vampprior", "standard-normal"),
    ("residual hierarchy ≥ VAE, on bytes (by the ELBO)", "vdvae-tiny", "vae-bytes"),
    ("PixelVAE ≥ VampPrior", "pixelvae", "vampprior"),
    ("PixelVAE ≥ convolutional hierarchy", "pixelvae", "conv-hvae"),
)


def arguments(model: Model, folder: Path) -> list[str]:
    """What `vaelab` is called with."""
    fixed = ["data=mnist5k", "seed=0", "threads=1", "logger=csv", "callbacks.pictures.every_n_epochs=0"]
    ends = ["evaluation.split=val", "evaluation.iw_samples=1", f"hydra.run.dir={folder}"]
    # groups before the settings in them
    overrides = sorted(model.overrides, key=lambda o: "." in o.split("=")[0])
    experiment = [] if model.experiment is None else [f"experiment={model.experiment}"]
    return ["train", *experiment, *fixed, *overrides, *ends]


def one(name: str) -> None:
    """Train a model if that is not done, measure it, and write results.json beside its checkpoints."""
    model, folder = MODELS[name], FOLDER / name
    program = [sys.executable, "-m", "vaelab"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if (folder / "results.json").exists():
        return
    if not (folder / "trained.json").exists():
        started = time.monotonic()
        subprocess.run([*program, *arguments(model, folder)], check=True, env=environment, stdout=subprocess.DEVNULL)
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        trained = {"seconds": time.monotonic() - started, "commit": head.stdout.strip()}
        (folder / "trained.json").write_text(json.dumps(trained))

    import torch

    from vaelab import load
    from vaelab.evaluate import information_of, per_image

    torch.set_num_threads(1)
    run = load(folder)
    figures = per_image(run, "test", model.iw_samples, 1000, seed=0)
    told = information_of(run, "test", model.information_images, max_rows=2000, seed=0)
    result = {
        "command": shlex.join(["vaelab", *(a for a in arguments(model, folder) if not a.startswith("hydra.run"))]),
        **json.loads((folder / "trained.json").read_text()),
        "parameters": sum(p.numel() for p in run.module.parameters()),
        "z_dims": run.module.hierarchy.z_dims,
        "iw_samples": model.iw_samples,
        "elbo": figures.elbo.tolist(),
        "iw_bound": figures.iw_bound.tolist(),
        "kl": figures.costs.sum(1).tolist(),
        "active_units": list(figures.active_units),
        "information": told.information.mean(0).tolist(),
        "information_stderr": (told.information.std(0) / told.n**0.5).tolist(),
        "saturated": list(told.saturated),
        "information_images": told.n,
        "seed": 0,
    }
    (folder / "results.json").write_text(json.dumps(result))


def mean(values: list[float]) -> tuple[float, float]:
    """The mean over images and its standard error."""
    return statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))


def row(name: str, result: dict[str, Any]) -> str:
    elbo, bound = mean(result["elbo"]), mean(result["iw_bound"])
    layers = zip(result["information"], result["information_stderr"], result["saturated"], strict=True)
    told = ", ".join(f"{nats:.2f} ± {error:.2f}{'*' if full else ''}" for nats, error, full in layers)
    if (n := result.get("information_images", 500)) != 500:
        told += f" (of {n} images)"
    alive = ", ".join(f"{n} of {d}" for n, d in zip(result["active_units"], result["z_dims"], strict=True))
    return (
        f"| {MODELS[name].title} | {elbo[0]:.2f} ± {elbo[1]:.2f} | {bound[0]:.2f} ± {bound[1]:.2f} "
        f"({result['iw_samples']}) | {statistics.fmean(result['kl']):.2f} | {told} | {alive} "
        f"| {result['parameters'] / 1e6:.2f} M | {result['seconds'] / 60:.1f} min | {result['commit']} |"
    )


def order(results: dict[str, dict[str, Any]]) -> list[str]:
    """Whether the published order holds, by differences on the same images."""
    lines = ["| published order | difference of the bounds, nats | holds |", "|---|---|---|"]
    for claim, better, worse in ORDER:
        if better in results and worse in results:
            figure = "elbo" if "by the ELBO" in claim else "iw_bound"  # bounds of unlike K do not compare
            pairs = zip(results[better][figure], results[worse][figure], strict=True)
            difference, error = mean([a - b for a, b in pairs])
            holds = "yes" if difference > 2 * error else "**no**" if difference < -2 * error else "not decided"
            lines.append(f"| {claim} | {difference:+.2f} ± {error:.2f} | {holds} |")
    return lines


def page(results: dict[str, dict[str, Any]]) -> str:
    lines = []
    for title, names in TABLES.items():
        lines += [
            f"### {title}",
            "",
            "| model | ELBO | IW bound (K) | kl | information of z1, … | active units | weights | training | commit |",
            "|---|---|---|---|---|---|---|---|---|",
            *(row(name, results[name]) for name in names if name in results),
            "",
        ]
    lines += ["### The order", "", *order(results), "", "### The commands", "", "```bash"]
    lines += [result["command"] for result in results.values()]
    return "\n".join([*lines, "```"])


def write_page() -> None:
    results = {
        name: json.loads((FOLDER / name / "results.json").read_text())
        for name in MODELS
        if (FOLDER / name / "results.json").exists()
    }
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{page(results)}\n{END}{rest.split(END)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each (2)")
    parser.add_argument("--page", action="store_true", help="write the page from the runs that are there")
    parser.add_argument("--one", choices=list(MODELS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        return one(args.one)

    def start(name: str) -> None:
        started = time.monotonic()
        code = subprocess.run([sys.executable, __file__, "--one", name], check=False).returncode
        print(f"{name}: {'failed' if code else 'done'} after {(time.monotonic() - started) / 60:.1f} min", flush=True)

    if not args.page:
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(start, [name for name in MODELS if name in args.only]))
    write_page()


if __name__ == "__main__":
    main()
