"""One unit moved, to see what it stands for."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vaelab.config.types import Positive, PositiveInt
from vaelab.model import Hierarchy
from vaelab.model.terms import Latent
from vaelab.pictures.grid import Grid
from vaelab.pictures.picture import Picture, Temperature, heat, layer_faults, layers, shown, temperature_faults
from vaelab.proposal import Ancestral, Clamped, moments


class Traversal(Picture):
    """For each of the first `images` images z ~ q(z | x), and one unit of one layer set to values from -`reach` to
    `reach`, in standard deviations of p(z_l | z_>l) from its mean (Higgins et al. 2017, figure 7).

    All other units of the layer and the layers above are held; the layers below are drawn from p, at a temperature of
    0 in the YAML: held, they would hide the unit. Layers and units count from 1; `layer` null is the top one.
    """

    def __init__(
        self,
        *,
        layer: PositiveInt | None,
        unit: PositiveInt,
        images: PositiveInt,
        steps: PositiveInt,
        reach: Positive,
        temperature: Temperature,
    ) -> None:
        self.layer, self.unit, self.images = layer, unit, images
        self.steps, self.reach, self.temperature = steps, reach, temperature

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        layer = self.layer or len(z_dims)
        yield from layer_faults("layer", layer, z_dims)
        if layer <= len(z_dims) and self.unit > z_dims[layer - 1]:
            yield f"unit={self.unit}: z{layer} has units 1 to {z_dims[layer - 1]}"
        yield from temperature_faults(self.temperature, len(z_dims))

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        x, depth = x[: self.images], hierarchy.depth
        l = (self.layer or depth) - 1
        latents = hierarchy(x).latents
        values = torch.linspace(-self.reach, self.reach, self.steps).tolist()
        # the image's own value first, then the others: one pass for all
        z = torch.stack([latents[l].z, *(moved(latents[l], self.unit - 1, value) for value in values)])
        given = {i: latents[i].z.expand(len(z), *latents[i].z.shape) for i in range(l + 1, depth)} | {l: z}
        rest = Ancestral(z.shape[:-1], self.temperature)
        pictures, what = shown(hierarchy.generate(Clamped(given, rest)).px)
        rows = [(f"image {i + 1}", torch.cat([x[i : i + 1], pictures[:, i]])) for i in range(len(x))]
        above = f" and {layers(l + 2, depth)}" if l < depth - 1 else ""
        below = f", {layers(1, l)} drawn from p at {heat(self.temperature)}" if l > 0 else ""
        title = (
            f"traversal: unit {self.unit} of z{l + 1} set to values in standard deviations of p; "
            f"its other units{above} held from q(z | x){below}; {what}"
        )
        return Grid(title, rows, ["data", "own value", *(f"{value:+.3g}" if value else "0" for value in values)])


def moved(latent: Latent, unit: int, value: float) -> Tensor:
    """z [.., d] of a pass with one unit (0-based) `value` standard deviations of p from p's mean, all else as it is.

    Raises NotImplementedError where p is of a family without mean and standard deviation.
    """
    found = moments(latent.p)
    if found is None:
        raise NotImplementedError(f"{type(latent.p).__name__} has no mean and standard deviation to go by")
    z = latent.z.clone()
    z[..., unit] = (found[0] + value * found[1])[..., unit]
    return z
