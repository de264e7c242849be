"""Pictures of a model: each is the one loop with another proposal, drawn as a titled grid."""

from vaelab.pictures.coarse_to_fine import CoarseToFine
from vaelab.pictures.draw import draw_all, refuse_unfit
from vaelab.pictures.grid import Grid, write_grid
from vaelab.pictures.interpolation import Interpolation
from vaelab.pictures.picture import Picture
from vaelab.pictures.reconstructions import Reconstructions
from vaelab.pictures.resample import Resample
from vaelab.pictures.samples import Samples
from vaelab.pictures.traversal import Traversal

__all__ = [
    "CoarseToFine",
    "Grid",
    "Interpolation",
    "Picture",
    "Reconstructions",
    "Resample",
    "Samples",
    "Traversal",
    "draw_all",
    "refuse_unfit",
    "write_grid",
]
