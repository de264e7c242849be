"""Files of the gallery's runs, written by hand: what a drawing reads, and no training."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def write(folder: Path, run: Any, i: int) -> None:
    """Files of run number `i`: its ELBO is -100 - i, its kl 20 + i."""
    folder.mkdir()
    suffix = "" if run.weights == "best" else f"_{run.weights}"
    layers = 3 if "z_dims=[32" in " ".join(run.overrides) else 1
    units = [{"layer": f"z{l + 1}", "units": 20, "active_units": 7 + l, "kl": _f(5)} for l in range(layers)]
    told = {"elbo": _f(-100 - i), "kl": _f(20 + i), "reconstruction": _f(-80), "iw_bound": _f(-95)}
    _json(folder / f"evaluation{suffix}.json", {**told, "layers": units})
    _json(folder / f"diagnosis{suffix}.json", _diagnosis(run.name, told, units))
    lines = [
        {"epoch": epoch, "val/kl": 1.0 * epoch, "val/kl/z1": 1.0 * epoch, "val/information/z1": 0.5 * epoch,
         "val/reconstruction": -100.0 + epoch, "collapse/z1": 2.0 * (epoch > 1)}
        for epoch in range(3)
    ]  # fmt: skip
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "train.log").write_text("epoch 3: z1 is collapsed: 0 of 20 units active, 0.00 nats; was alive. Kept: x\n")
    rng = np.random.default_rng(i)
    images = rng.random((8, 1, 6, 6))
    density = rng.random((4, 5, 5))
    arrays: dict[str, dict[str, Any]] = {
        "samples": {"samples": images},
        "codes": {"z": rng.normal(size=(40, 2)), "label": np.arange(40) % 10, "samples": images},
        "blur": {"data": images, "decoder": images, "ideal": images, "perplexity": np.arange(8) + 1.0},
        "posterior": {"log_p": density, "log_q": density, "modes": np.arange(4), "kl": np.arange(4.0)},
        "coarse_to_fine": {"rows": np.stack([images] * 5)},
    }
    for name in run.measures:
        np.savez(folder / f"{name}.npz", **arrays[name])


def _f(value: float) -> dict[str, float]:
    return {"value": float(value), "stderr": 0.5}


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))


def _diagnosis(name: str, told: dict[str, Any], units: list[dict[str, Any]]) -> dict[str, Any]:
    names = [unit["layer"] for unit in units]
    parts = None if name == "two_paths_flow" else _f(0.5)
    return {
        "units": {**told, "layers": units},
        "surgery": {
            "n": 50,
            "cap": 3.9,
            "layers": [{"layer": z, "information": _f(4), "marginal_kl": _f(2), "saturated": False} for z in names],
            "ladder": [{"layer": z, **_f(3), "saturated": False} for z in names],
        },
        "skip_bound": {
            "n": 50,
            "bounds": [{"k": k, "elbo": _f(-100 - 9 * k)} for k in range(len(names) + 1)],
            "layers": [{"layer": z, "nats": _f(9)} for z in names],
        },
        "spectrum": {"sigma2": 0.1, "eigenvalues": [5.0, 2.0, 0.1, 0.01], "above": 2, "units": 20},
        "blur": {
            "n_train": 40,
            "perplexity": {"median": 3.0, "low": 1.0, "high": 9.0},
            "predicted": _f(3),
            "measured": _f(5),
            "held_out": {"ideal": _f(6), "measured": _f(5)},
            "sharpness": {"data": 0.1, "ideal": 0.05, "decoder": 0.03},
            "spectrum": {key: [4.0, 2.0, 1.0] for key in ("frequency", "data", "ideal", "decoder")},
        },
        "gap": {
            **{key: _f(1) for key in ("elbo", "iw_bound", "total")},
            **{"n": 8, "iw_samples": 10, "approximation": parts, "amortisation": parts},
        },
        "posterior_grid": {
            **{key: _f(-3) for key in ("kl_from_q", "log_px_grid", "elbo", "kl_from_q_several_modes")},
            **{"several_modes": 0.4, "kl_from_q_one_mode": None},
        },
        "verdict": {"words": "all is well", "causes": []},
    }
