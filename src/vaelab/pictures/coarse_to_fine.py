"""What each layer adds to a picture, and how many nats it is worth."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from vaelab.diagnostics.skip_bound import skip_bound
from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid
from vaelab.pictures.picture import Picture, Temperature, evenly, heat, layers, shown, temperature_faults
from vaelab.proposal import Ancestral, Clamped

DRAWS = 4  # an image, for the nats beside a row


class CoarseToFine(Picture):
    """For k = L, L-1, …, 0: the top k layers from q(z | x), the same draw for every k, the rest from p again.

    k = L is the reconstruction, k = 0 a free sample. Of many layers some are shown, evenly spaced. Beside each row
    stands the bound on log p(x) that the held layers give, a mean over the images x (Maaløe et al. 2019, eq. 12): of
    the model as it is, whatever the temperature of the picture.
    """

    def __init__(self, *, temperature: Temperature) -> None:
        self.temperature = temperature

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        yield from temperature_faults(self.temperature, len(z_dims))

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        depth, kept = hierarchy.depth, hierarchy(x).latents
        rows, what = [("data", x)], ""
        steps = evenly(range(depth, -1, -1))
        for k in steps:
            given = {l: kept[l].z for l in range(depth - k, depth)}
            rest = Ancestral((len(x),), self.temperature)
            pictures, what = shown(hierarchy.generate(Clamped(given, rest)).px)
            rows.append((f"{layers(depth - k + 1, depth)} held" if k else "none held", pictures))
        # last, so that its noise leaves the pictures as they are
        bounds = skip_bound(hierarchy, x, [depth - k for k in steps], DRAWS, len(x)).mean(0).tolist()
        told = [f"{label}: {nats:.1f} nats" for (label, _), nats in zip(rows[1:], bounds, strict=True)]
        rows = [rows[0], *((label, images) for label, (_, images) in zip(told, rows[1:], strict=True))]
        some = f" ({len(rows) - 1} of {depth + 1} steps)" if len(rows) < depth + 2 else ""
        trivial = some or " (with one layer: a reconstruction, then a sample)" if depth == 1 else ""
        title = (
            f"coarse to fine{trivial}: the layers held are drawn from q(z | x), "
            f"the rest from p at {heat(self.temperature)}; {what}; nats: the bound on log p(x) with these layers held"
        )
        return Grid(title, rows)
