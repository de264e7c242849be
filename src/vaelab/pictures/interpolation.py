"""From one image to another."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from vaelab.config.types import PositiveInt
from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid
from vaelab.pictures.path import linear, spherical
from vaelab.pictures.picture import Picture, Temperature, heat, layer_faults, shown, temperature_faults
from vaelab.proposal import Ancestral, Placed, place

_PATHS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"spherical": spherical, "linear": linear}


class Interpolation(Picture):
    """Each of the first `pairs` images to one of the last `pairs`, in `steps` steps from z ~ q(z | x) of the one to
    that of the other; as many pairs as x has. Both ends are the reconstructions at these z.

    The path leads through the places of z in p, ε_l = (z_l - μ_l) / σ_l with μ and σ of p(z_l | z_>l): under p that
    is noise N(0, I) in every layer, for which a path on the sphere is made. At the top of a standard normal prior it
    is z itself; z itself is taken too where p is of a family without mean and standard deviation.

    `layers`, counted from 1, go along the path, null for all of them; the others are drawn from p.
    """

    def __init__(
        self,
        *,
        pairs: PositiveInt,
        steps: PositiveInt,
        path: Literal["spherical", "linear"],
        layers: list[PositiveInt] | None,
        temperature: Temperature,
    ) -> None:
        self.pairs, self.steps, self.path, self.layers, self.temperature = pairs, steps, path, layers, temperature

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        for i, layer in enumerate(self.layers or []):
            yield from layer_faults(f"layers[{i}]", layer, z_dims)
        if self.steps < 2:
            yield f"steps={self.steps}: a path has two ends, give 2 or more"
        if images < 2:
            yield f"pairs={self.pairs}: a pair takes two images, and images={images}"
        yield from temperature_faults(self.temperature, len(z_dims))

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        pairs, depth = min(self.pairs, len(x) // 2), hierarchy.depth
        x = torch.cat([x[:pairs], x[-pairs:]])
        on_path = sorted(set(self.layers or range(1, depth + 1)))
        latents = hierarchy(x).latents
        share = torch.linspace(0, 1, self.steps, device=x.device)[:, None, None]
        given = {}
        for l in (layer - 1 for layer in on_path):
            ends = place(latents[l].z, latents[l].p)
            given[l] = _PATHS[self.path](ends[:pairs], ends[pairs:], share.to(ends.dtype))  # [steps, pairs, d]
        rest = Ancestral((self.steps, pairs), self.temperature)
        pictures, what = shown(hierarchy.generate(Placed(given, rest)).px)
        rows = [
            (f"pair {i + 1}", torch.cat([x[i : i + 1], pictures[:, i], x[pairs + i : pairs + i + 1]]))
            for i in range(pairs)
        ]
        which = "every layer" if len(on_path) == depth > 1 else ", ".join(f"z{layer}" for layer in on_path)
        others = "" if len(on_path) == depth else f", the other layers drawn from p at {heat(self.temperature)}"
        title = f"interpolation: {which} on a {self.path} path between z ~ q(z | x) of two images{others}; {what}"
        return Grid(title, rows, ["data", *(f"{t:.3g}" for t in share.flatten().tolist()), "data"])
