"""Run folders made by hand, as the program writes them."""

import json
import math
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = {
    "model": {"z_dims": [4, 3], "module": {"_target_": "vaelab.training.modules.HVAE"}},
    "likelihood": {"_target_": "vaelab.likelihood.bernoulli.Bernoulli"},
    "objective": {"_target_": "vaelab.objective.elbo.Elbo"},
    "data": {"_target_": "vaelab.data.mnist5k.MNIST5k"},
    "trainer": {"max_epochs": 10},
    "callbacks": {"history": {"every_n_steps": 50}},
}
UNITS = {"z1": [0.01, 2.0, 1.0, 0.5], "z2": [0.0, 0.0, 0.0]}


def run_folder(folder: Path, epochs: int = 6, overrides: tuple[str, ...] = ("model=hvae",), **config: Any) -> Path:
    """A run of 10 epochs of which `epochs` are written: two layers, of which z2 fades at epoch 3 and collapses at 5."""
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- {one}\n" for one in overrides))
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    for epoch in range(epochs):
        append(folder / "history.jsonl", *epoch_lines(epoch))
        append(folder / "units.jsonl", units_line(epoch))
    return folder


def epoch_lines(epoch: int) -> list[dict[str, Any]]:
    """What an epoch of 30 steps leaves in history.jsonl: training, validation, the collapse monitor."""
    step = 30 * (epoch + 1)
    elbo = -100 - 200 * math.exp(-epoch)
    kl = {"kl/z1": 4.0 + epoch / 10, "kl/z2": 1.0 / (epoch + 1)}
    split = {"reconstruction": elbo + sum(kl.values()), "kl": sum(kl.values()), "objective": elbo, **kl}
    val = {"elbo": elbo - 1, **split, "active_units/z1": 3.0, "active_units/z2": max(0.0, 3.0 - epoch)}
    state = 0.0 if epoch < 2 else 1.0 if epoch < 4 else 2.0
    monitor = {
        **{"val/information/z1": 2.5, "val/information/z2": 1.0 / (epoch + 1)},
        **{"val/marginal_kl/z1": 1.5, "val/marginal_kl/z2": 0.25, "collapse/z1": 0.0, "collapse/z2": state},
    }
    place = {"step": step, "epoch": epoch}
    return [
        {**place, "train/elbo": elbo, **{f"train/{key}": value for key, value in split.items()}, "train/lr": 0.001},
        {**place, **{f"val/{key}": value for key, value in val.items()}},
        {**place, **monitor},
    ]


def units_line(epoch: int) -> dict[str, Any]:
    layers = [
        {"layer": name, "kl": kl, "variance": [min(1.0, v) for v in kl], "active": [v > 0.01 for v in kl]}
        for name, kl in UNITS.items()
    ]
    return {"step": 30 * (epoch + 1), "epoch": epoch, "layers": layers}


def append(path: Path, *lines: dict[str, Any]) -> None:
    with open(path, "a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
