"""Run folders written by hand: every file that a report reads, with plausible numbers and no training."""

import json
import math
import random
from copy import deepcopy
from functools import cache, reduce
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from vaelab.config.paths import compose

UNITS = (12, 8)


def run(folder: Path, *overrides: str, epochs: int = 30, elbo: float = -104.0, gone: int = 5) -> Path:
    """A finished top-down run of two layers, whose z2 loses units from epoch 18 and in the end collapses.

    `gone`: how many units of z1 are never active. Everything hangs on the arguments alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = tuple(o for o in overrides if not o.split("=")[1].replace(".", "").isdigit())
    config = deepcopy(_composed(groups))
    config["trainer"]["max_epochs"] = epochs
    for key, value in (o.split("=") for o in overrides if o not in groups):
        *path, last = key.split(".")
        reduce(dict.__getitem__, path, config)[last] = float(value)
    _json(folder / "config.json", config)
    (folder / ".hydra").mkdir(exist_ok=True)
    lines = ["model.z_dims=[12,8]", f"trainer.max_epochs={epochs}", *overrides]
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- {json.dumps(line)}\n" for line in lines))
    rng = random.Random(len(overrides) + round(elbo))
    history, units = _history(rng, epochs, elbo, gone)
    _lines(folder / "history.jsonl", history)
    _lines(folder / "units.jsonl", units)
    _json(folder / "evaluation.json", _evaluation(history[-1], gone))
    _json(folder / "diagnosis.json", diagnosis(rng, history[-1]))
    _json(folder / "DONE.json", {"elbo": elbo, "step": history[-1]["step"]})
    for i, name in enumerate(("samples", "reconstructions", "coarse_to_fine", "blur", "samples_epoch0010")):
        picture(folder / "images" / f"{name}.png", i)
    return folder


def sweep(folder: Path) -> Path:
    """β × σ², six runs that finished and one that did not start."""
    jobs = [(beta, variance) for beta in (0.5, 1.0, 4.0) for variance in (0.02, 0.1)]
    for i, (beta, variance) in enumerate(jobs):
        typed = (
            "objective=beta", "objective/schedule=constant", f"objective.schedule.value={beta}",
            "likelihood=gaussian", f"likelihood.variance={variance}",
        )  # fmt: skip
        run(folder / str(i), *typed, epochs=4, elbo=-100 - 12 * abs(math.log(beta)) - 80 * variance, gone=2 + i)
    (folder / "6" / ".hydra").mkdir(parents=True)
    typed = ["objective.schedule.value=0.5,1,4", "likelihood.variance=0.02,0.1"]
    body = "".join(f"    - {line}\n" for line in typed)
    (folder / "multirun.yaml").write_text(f"hydra:\n  overrides:\n    task:\n{body}")
    return folder


@cache
def _composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    return compose(["model.z_dims=[12,8]", *overrides])


def picture(path: Path, seed: int, side: int = 240) -> Path:
    """A PNG of grey squares."""
    path.parent.mkdir(exist_ok=True)
    image, rng = Image.new("RGB", (2 * side, side), "white"), random.Random(seed)
    pen = ImageDraw.Draw(image)
    for x in range(0, 2 * side, 40):
        for y in range(0, side, 40):
            grey = rng.randrange(256)
            pen.rectangle((x + 2, y + 2, x + 37, y + 37), fill=(grey, grey, grey))
    image.save(path)
    return path


def _history(
    rng: random.Random, epochs: int, elbo: float, gone: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    history: list[dict[str, Any]] = []
    units: list[dict[str, Any]] = []
    for epoch in range(epochs):
        share = epoch / max(epochs - 1, 1)
        bound = elbo - 110 * math.exp(-4 * share) + rng.gauss(0, 0.3)
        fall = max(0.0, 1 - max(0.0, share - 0.55) * 4)  # of z2
        of_units = [
            [0.0 if u < gone else 3 * math.exp(-u / 8) * min(1, 3 * share + 0.1) for u in range(UNITS[0])],
            [fall * (0.02 if u > 5 else 1.1 * math.exp(-u / 3)) for u in range(UNITS[1])],
        ]
        kls = [sum(kl) for kl in of_units]
        active = [[kl > 0.05 for kl in kl_of] for kl_of in of_units]
        where = {"step": 40 * (epoch + 1), "epoch": epoch}
        split = {"elbo": bound, "kl": sum(kls), "reconstruction": bound + sum(kls), "objective": bound + 2}
        split |= {f"kl/z{i}": kl for i, kl in enumerate(kls, 1)}
        history.append({**where, **{f"train/{key}": value + rng.gauss(0, 1) for key, value in split.items()}})
        row: dict[str, Any] = {**where, **{f"val/{key}": value for key, value in split.items()}}
        for i, kl in enumerate(kls, 1):
            row |= {
                f"val/active_units/z{i}": float(sum(active[i - 1])),
                f"val/information/z{i}": 0.8 * kl,
                f"val/marginal_kl/z{i}": 0.2 * kl,
            }
        row |= {"collapse/z1": 0.0, "collapse/z2": 0.0 if fall > 0.9 else 1.0 if fall > 0.1 else 2.0}
        history.append(row)
        layers = [
            {"layer": f"z{i}", "kl": kl, "variance": [0.3 * value for value in kl], "active": alive}
            for i, (kl, alive) in enumerate(zip(of_units, active, strict=True), 1)
        ]
        units.append({**where, "layers": layers})
    return history, units


def _evaluation(last: dict[str, Any], gone: int) -> dict[str, Any]:
    keys = ("elbo", "reconstruction", "kl", "objective")
    layers = [
        {"layer": f"z{i}", "kl": _f(last[f"val/kl/z{i}"], 0.05), "active_units": int(last[f"val/active_units/z{i}"]),
         "units": UNITS[i - 1]}
        for i in (1, 2)
    ]  # fmt: skip
    return {
        "run": "here", "weights": "best", "step": last["step"], "split": "test", "n": 1000, "seed": 0,
        **{key: _f(last[f"val/{key}"], 0.41) for key in keys}, "iw_bound": _f(last["val/elbo"] + 2.2, 0.4),
        "iw_samples": 100, "effective_sample_size": 12.3, "layers": layers,
    }  # fmt: skip


def diagnosis(rng: random.Random, last: dict[str, Any]) -> dict[str, Any]:
    """diagnosis.json with every analysis, the last one skipped."""
    kl = [last["val/kl/z1"], last["val/kl/z2"]]
    both = list(zip(("z1", "z2"), kl, strict=True))
    cut = [(f"information/{n}", 0.8 * v) for n, v in both]
    cut += [(f"marginal_kl/{n}", 0.2 * v) for n, v in both]
    gaps = [(rng.uniform(-160, -90), rng.uniform(0.5, 5), rng.uniform(0.2, 3)) for _ in range(48)]
    means = [sum(column) / len(gaps) for column in zip(*gaps, strict=True)]
    frequency = [0.03 * (i + 1) for i in range(16)]
    return {
        "run": "here", "weights": "best", "step": last["step"], "split": "test", "seed": 0,
        "surgery": {
            "n": 1000, "cap": math.log(1000), "form": "top_down", "kl": _f(sum(kl), 0.2),
            "layers": [{"layer": n, "information": _f(0.8 * v, 0.1), "marginal_kl": _f(0.2 * v, 0.1),
                        "saturated": n == "z1"} for n, v in both],
            "parts": [{"name": name, **_f(value, 0.1)} for name, value in cut],
            "ladder": [{"layer": n, **_f(0.8 * v, 0.1), "saturated": n == "z1"} for n, v in both],
            "monotone": True,
        },
        "skip_bound": {
            "n": 256, "samples": 4, "loose": False,
            "bounds": [{"k": 0, "from_q": ["z1", "z2"], "elbo": _f(-104, 1)},
                       {"k": 1, "from_q": ["z2"], "elbo": _f(-180, 2)},
                       {"k": 2, "from_q": [], "elbo": _f(-181, 2)}],
            "layers": [{"layer": "z1", "nats": _f(76, 1.5)}, {"layer": "z2", "nats": _f(1, 0.4)}],
        },
        "gap": {
            "n": 48, "iw_samples": 1000, "effective_sample_size": 31.0, "steps": 200, "elbo": _f(means[0], 2.5),
            "refined": _f(means[0] + means[1], 2.5), "iw_bound": _f(sum(means), 2.5),
            "total": _f(means[1] + means[2], 0.2),
            "approximation": _f(means[2], 0.1), "amortisation": _f(means[1], 0.2),
            "per_image": {"elbo": [e for e, _, _ in gaps], "refined": [e + a for e, a, _ in gaps],
                          "iw_bound": [e + a + b for e, a, b in gaps]},
        },
        "lagging": {
            "n": 48, "steps": 200, "kl": _f(sum(kl), 0.2), "kl_refined": _f(sum(kl) + 0.8, 0.2), "elbo": _f(-104, 2),
            "elbo_refined": _f(-101, 2),
            "layers": [{"layer": n, "kl": _f(v, 0.1), "kl_refined": _f(v + 0.4, 0.1)} for n, v in both],
        },
        "blur": {
            "n_train": 4000, "n": 256, "sigma2": 0.05, "perplexity": {"median": 14.2, "low": 3.1, "high": 60.5},
            "predicted": _f(12.5, 0.3), "measured": _f(14.1, 0.3),
            "sharpness": {"data": 0.12, "ideal": 0.07, "decoder": 0.05},
            "spectrum": {"frequency": frequency, "data": [f**-2 for f in frequency],
                         "ideal": [f**-2 * math.exp(-3 * f) for f in frequency],
                         "decoder": [f**-2 * math.exp(-5 * f) for f in frequency]},
        },
        "spectrum": {"n": 4000, "sigma2": 0.05, "eigenvalues": [8 * (i + 1) ** -1.5 for i in range(120)], "above": 29,
                     "units": 20},
        "posterior_grid": {"skipped": "it needs z_dims=[2], this model has [12, 8]"},
        "verdict": {
            "layers": [{"layer": "z1", "state": "alive", "active_units": 7, "units": 12, "information": 8.4},
                       {"layer": "z2", "state": "collapsed", "active_units": 0, "units": 8, "information": 0.0}],
            "causes": [{"cause": "lagging encoder", "score": 0.7, "evidence": "kl returns by 0.8 nats after 200 steps",
                        "try": "callbacks=aggressive"},
                       {"cause": "σ² above the spectrum", "score": 0.2, "evidence": "29 of 120 eigenvalues above σ²",
                        "try": "likelihood.variance=0.02"}],
            "words": "z2 is collapsed: none of its 8 units is active. The likeliest cause is a lagging encoder.",
        },
    }  # fmt: skip


def _f(value: float, stderr: float) -> dict[str, float]:
    return {"value": value, "stderr": stderr}


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2))


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
