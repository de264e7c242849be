"""What every analysis is, and what it is given."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaelab.data.batches import Batch
from vaelab.diagnostics.cost import grid_seconds, pass_seconds, score_seconds
from vaelab.errors import ConfigError
from vaelab.pictures.draw import shades
from vaelab.pictures.grid import Grid, write_grid
from vaelab.seeding import noise_key, seed_noise
from vaelab.training.load import Loaded


@dataclass(frozen=True)
class Subject:
    """A trained run, the split that is looked at, where pictures go, and what time an analysis may take."""

    run: Loaded
    split: str
    seed: int
    max_rows: int
    folder: Path
    max_minutes: float = math.inf

    def images(self, n: int | None, name: str, split: str | None = None) -> Tensor:
        """n images spread evenly over a split (None: all), [n, C, H, W] in units, on the model's device.

        Seeds the noise by `name`: what an analysis draws hangs on the seed and its own name alone.
        """
        data, module, split = self.run.data, self.run.module, split or self.split
        stored = data.split(split) if n is None else data.spread(split, n)
        key = noise_key(self.seed, name)
        x = data.in_units(Batch(stored.to(module.device), key)).x
        seed_noise(key)
        return x

    def refuse_long(self, x: Tensor, settings: str, passes: int = 0, pairs: int = 0, grid: int = 0) -> None:
        """Raise ConfigError, before it is begun, for what would take longer than `max_minutes`.

        `passes` are of an image and draw through the model (with a gradient one counts as three), `pairs` of a draw
        scored under an image of x, `grid` the points of a grid along each unit. The noise is left as it was. `settings`
        are those to lower.
        """
        if math.isinf(self.max_minutes):
            return
        hierarchy = self.run.module.hierarchy
        with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []):
            seconds = passes * pass_seconds(hierarchy, x, self.max_rows) if passes else 0.0
            seconds += pairs * score_seconds(hierarchy, x, self.max_rows) if pairs else 0.0
            seconds += grid_seconds(hierarchy, x, grid, self.max_rows) if grid else 0.0
        if seconds > 60 * self.max_minutes:
            raise ConfigError(
                f"it would take about {math.ceil(seconds / 60)} min, and max_minutes is {self.max_minutes:g}: "
                f"lower {settings}"
            )

    def write(self, name: str, grid: Grid, x: Tensor, n: int | None = None) -> Path:
        """Draw a grid as <name>.png, shaded as the images x are."""
        note = f"{self.split} split, seed {self.seed}" + (f", n = {n}" if n else "")
        return write_grid(self.folder / f"{name}.png", grid, *shades(self.run.module.units, x), note)


class Analysis:
    """One analysis of a trained model. Settings are the constructor's; called, it gives its part of diagnosis.json:
    plain numbers, lists and words."""

    def refusal(self, run: Loaded) -> str | None:
        """One sentence that says why it does not apply to this model; None where it does."""
        return None

    def __call__(self, subject: Subject) -> dict[str, Any]:
        raise NotImplementedError
