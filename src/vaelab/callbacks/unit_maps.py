"""Heat maps of every unit over the epochs, from a run's units.jsonl."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytorch_lightning as pl

from vaelab.callbacks.media import show
from vaelab.config.names import is_part
from vaelab.diagnostics.active_units import THRESHOLD
from vaelab.diagnostics.units_over_time import Line, epochs, layers, matrix
from vaelab.pictures.heat_map import Panel, write_heat_map


def draw_units(trainer: pl.Trainer, only: Sequence[str] | None = None) -> None:
    """Write images/units_z{i}.png of all layers, or of `only` some, and show them as units/z{i}. Rank zero alone.

    Nothing before the second validation: one column shows no course.
    """
    folder = Path(trainer.default_root_dir)
    file = folder / "units.jsonl"
    lines: list[Line] = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    if not trainer.is_global_zero or len(lines) < 2:
        return
    pooled = {part["layer"]: part.get("pooled", 1) for part in lines[0]["layers"]}
    for layer in filter(is_part, layers(lines) if only is None else only):
        path, title = folder / "images" / f"units_{layer}.png", f"{layer}: each unit over the epochs, validation split"
        write_heat_map(path, title, epochs(lines), list(_panels(lines, layer)), pooled[layer])
        show(trainer, f"units/{layer}", path)


def _panels(lines: Sequence[Line], layer: str) -> Iterator[Panel]:
    kl, variance = matrix(lines, layer, "kl"), matrix(lines, layer, "variance")
    if kl is not None:
        yield Panel("KL(q ‖ p)", "nats", kl, floor=1e-3)
    assert variance is not None
    yield Panel(f"activity: above {THRESHOLD:g} it is active", "Var over x of E[z | x]", variance, 1e-4, line=THRESHOLD)
