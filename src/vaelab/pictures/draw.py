"""What is drawn: samples, reconstructions, and the layers' share of a picture."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vaelab.data.batches import Batch
from vaelab.data.image_data import ImageData
from vaelab.model import Hierarchy
from vaelab.pictures.grid import write_grid
from vaelab.proposal import Ancestral, Clamped
from vaelab.seeding import noise_key, seed_noise
from vaelab.training.modules import HVAE

Temperature = float | Sequence[float]


def sample(hierarchy: Hierarchy, n: int, temperature: Temperature) -> Tensor:
    """Means of p(x | z) for z from the prior at a temperature, [n, C, H, W]. Seed section 1.1 and equation 15."""
    return hierarchy.generate(Ancestral((n,), temperature)).px.mean


def reconstruct(hierarchy: Hierarchy, x: Tensor) -> Tensor:
    """Means of p(x | z) for z ~ q(z | x), [B, C, H, W]."""
    return hierarchy(x).px.mean


def coarse_to_fine(hierarchy: Hierarchy, x: Tensor, temperature: Temperature) -> list[Tensor]:
    """For k = L, L-1, …, 0: the top k layers from q(z | x), the same draw for every k, the rest from p again.

    Each [B, C, H, W]. k = L is the reconstruction; k = 0 is a free sample.
    """
    kept = hierarchy(x).latents
    depth, pictures = hierarchy.depth, []
    for k in range(depth, -1, -1):
        given = {l: kept[l].z for l in range(depth - k, depth)}
        pictures.append(hierarchy.generate(Clamped(given, Ancestral((len(x),), temperature))).px.mean)
    return pictures


@torch.no_grad()
def draw_all(
    module: HVAE,
    data: ImageData,
    split: str,
    n: int,
    temperature: Temperature,
    folder: Path,
    suffix: str = "",
    seed: int = 0,
) -> dict[str, Path]:
    """Write every picture of a model into `folder`: {kind: path}. The model is left in the mode it was in."""
    hierarchy, training = module.hierarchy, module.training
    module.eval()
    batch = data.in_units(Batch(data.spread(split, n).to(module.device), noise_key(seed, "shown")))
    low, high = (float(batch.x.min()), float(batch.x.max())) if module.units == "real" else (0.0, 1.0)
    if module.units == "byte":
        high = 255.0
    heat = _words(temperature)
    paths = {}
    try:
        seed_noise(noise_key(seed, "pictures"))
        x = batch.x
        rows = [("", row) for row in sample(hierarchy, 4 * n, temperature).split(n)]
        path = folder / f"samples{suffix}.png"
        paths["samples"] = write_grid(path, f"samples: every layer from the prior, temperature {heat}", rows, low, high)
        rows = [("data", x), ("reconstruction", reconstruct(hierarchy, x))]
        title = f"reconstructions of the {split} split: every layer from q(z | x)"
        paths["reconstructions"] = write_grid(folder / f"reconstructions{suffix}.png", title, rows, low, high)
        if hierarchy.depth > 1:
            rows = [("data", x)]
            depth = hierarchy.depth
            for k, picture in zip(range(depth, -1, -1), coarse_to_fine(hierarchy, x, temperature), strict=True):
                rows.append((_kept(k, depth), picture))
            title = f"coarse to fine: top layers held from q(z | x), the rest drawn from p, temperature {heat}"
            paths["coarse_to_fine"] = write_grid(folder / f"coarse_to_fine{suffix}.png", title, rows, low, high)
    finally:
        module.train(training)
    return paths


def _kept(k: int, depth: int) -> str:
    if k == 0:
        return "none held"
    return f"z{depth} held" if k == 1 else f"z{depth - k + 1}…z{depth} held"


def _words(temperature: Temperature) -> str:
    if isinstance(temperature, int | float):
        return f"{temperature:g}"
    return ", ".join(f"z{i} {t:g}" for i, t in enumerate(temperature, start=1))
