"""One layer drawn again, all others kept."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vaelab.config.types import PositiveInt
from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid
from vaelab.pictures.picture import Picture, Temperature, evenly, heat, shown, temperature_faults
from vaelab.proposal import Ancestral, Clamped


class Resample(Picture):
    """For each layer l: all layers from q(z | x), but z_l drawn again from p(z_l | z_>l), `draws` times.

    The layers below l keep their values. A block of rows for each of the first `images` images, a row for each layer;
    of many layers some, evenly spaced. In a Markov decoder p(x | z) reads z_1 alone, and the other rows stand still.
    """

    def __init__(self, *, images: PositiveInt, draws: PositiveInt, temperature: Temperature) -> None:
        self.images, self.draws, self.temperature = images, draws, temperature

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        yield from temperature_faults(self.temperature, len(z_dims))

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        x, depth = x[: self.images], hierarchy.depth
        terms = hierarchy(x)
        before, what = shown(terms.px)
        z = {l: latent.z.expand(self.draws, *latent.z.shape) for l, latent in enumerate(terms.latents)}
        drawn = {l: self._again(hierarchy, z, l) for l in evenly(range(depth - 1, -1, -1))}
        rows = [
            (f"image {i + 1}, z{l + 1} drawn again", torch.cat([x[i : i + 1], before[i : i + 1], pictures[:, i]]))
            for i in range(len(x))
            for l, pictures in drawn.items()
        ]
        title = (
            f"resample: every layer drawn from q(z | x), then one of them again from p at {heat(self.temperature)} "
            f"given those above it, the others held; {what}{_remark(drawn, before)}"
        )
        return Grid(title, rows, ["data", "before", *(f"draw {k + 1}" for k in range(self.draws))])

    def _again(self, hierarchy: Hierarchy, z: dict[int, Tensor], l: int) -> Tensor:
        """Pictures [draws, B, C, H, W] with z_l drawn again."""
        held = {i: value for i, value in z.items() if i != l}
        return shown(hierarchy.generate(Clamped(held, Ancestral(z[l].shape[:-1], self.temperature))).px)[0]


def _remark(drawn: dict[int, Tensor], before: Tensor) -> str:
    if list(drawn) == [0]:
        return ". There is one layer: each draw is a free sample"
    if all(torch.allclose(pictures, before, rtol=1e-4, atol=1e-5) for l, pictures in drawn.items() if l > 0):
        return ". p(x | z) sees z1 alone: no other layer moves the picture"
    return ""
