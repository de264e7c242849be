"""What `vaelab train` says of a run before and after it."""

import shlex
from pathlib import Path
from typing import Any


def summary(run: Any) -> str:
    """The model, its data and their sizes in a line; `run` is what `vaelab.build` gives."""
    parameters = sum(p.numel() for p in run.module.parameters())
    h = run.module.hierarchy
    layers = " ← ".join(f"z{i}[{d}]" for i, d in enumerate(h.z_dims, start=1))
    return (
        f"{type(run.module).__name__}: x{list(run.data.x_shape)} ← {layers}, {parameters:,} parameters; "
        f"data {run.data.name} in units {run.data.units} ({run.data.transform}), "
        f"{len(run.data.split('train'))} training images"
    )


def contents(folder: Path) -> str:
    """The files of a finished run, and the next commands."""
    lines = [f"everything lies in {folder}:"]
    for name, text in (
        ("history.jsonl", "every figure at its step"),
        ("metrics.csv", "the same as a table"),
        ("units.jsonl", "every unit at every validation"),
        ("evaluation.json", "the figures above"),
        ("diagnosis.json", "what each layer carries, the gap, the blur"),
        ("report.html", "all of it as a page: open it in a browser"),
        ("images", "samples, reconstructions, coarse to fine, blur, units"),
        ("checkpoints", "best.ckpt, last.ckpt, and alive.ckpt from before a collapse"),
        ("wandb", f"curves in the terminal: wandb leet {folder / 'wandb'}"),
        ("tensorboard", f"curves in a browser: tensorboard --logdir {folder}"),
    ):
        if (folder / name).exists():
            lines.append(f"  {name:<16}{text}")
    lines.append(f"next: vaelab evaluate {typed('run', folder)} iw_samples=5000; vaelab sample {typed('run', folder)}")
    return "\n".join(lines)


def typed(key: str, folder: Path | str) -> str:
    """run=<folder> and its like, as a shell takes it."""
    return shlex.quote(f"{key}={folder}")
