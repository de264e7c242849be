"""Data and what the model makes of them."""

from torch import Tensor

from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid
from vaelab.pictures.picture import Picture, shown


class Reconstructions(Picture):
    """p(x | z) at z ~ q(z | x), below the images themselves."""

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        pictures, what = shown(hierarchy(x).px)
        every = "every layer" if hierarchy.depth > 1 else "z1"
        return Grid(
            f"reconstructions: {every} drawn from q(z | x); {what}", [("data", x), ("reconstruction", pictures)]
        )
