"""Pictures of a model: each is the one loop with another proposal, drawn as a titled grid."""

from vaelab.pictures.draw import coarse_to_fine, draw_all, reconstruct, sample
from vaelab.pictures.grid import write_grid

__all__ = ["coarse_to_fine", "draw_all", "reconstruct", "sample", "write_grid"]
