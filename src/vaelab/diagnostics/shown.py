"""What a model shows: its samples and reconstructions beside the real images, all of them in [0, 1]."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.data.batches import Batch
from vaelab.data.image_data import ImageData
from vaelab.data.stored import span, stored, to_unit
from vaelab.model import Hierarchy
from vaelab.proposal import Ancestral
from vaelab.proposal.ancestral import Temperature
from vaelab.seeding import noise_key, seed_noise

Show = Literal["mean", "draw"]


@dataclass(frozen=True)
class Shown:
    """A model and its data as pictures [B, C, H, W] in [0, 1], batch by batch.

    `show` says what a z is shown as: the mean of p(x | z), which has none of its noise and is what pictures of VAEs
    usually are; or a draw of it. The real images are then of the same kind: with `mean` they are the stored ones, grey
    where the model's are binarised, with `draw` those that the likelihood takes. Values of no fixed range go from the
    lowest to the highest of the training split, and what a model shows beyond its range is clipped.
    """

    hierarchy: Hierarchy
    data: ImageData
    show: Show
    device: torch.device | str = "cpu"

    @property
    def real_images(self) -> str:
        """In one word, what the real images are."""
        if self.data.transform in ("dynamic_binarisation", "static_binarisation"):
            return "grey" if self.show == "mean" else "binarised"
        return "dequantised" if self.show == "draw" and self.data.units == "dequantised" else "as stored"

    @property
    def span(self) -> tuple[float, float]:
        """The values, in the likelihood's units, that are shown as 0 and 1."""
        return {"byte": (0.0, 255.0), "real": span(self.data)}.get(str(self.data.units), (0.0, 1.0))

    @torch.no_grad()
    def pairs(self, split: str, n: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """n images spread over a split (all of it if it has no more), and their reconstructions by z ~ q(z | x)."""
        x, kept = self.data.split(split), stored(self.data, split)
        rows = torch.linspace(0, len(x) - 1, min(n, len(x))).round().long()
        for i, some in enumerate(rows.split(self.data.batch_size)):
            key = noise_key(seed, split, i)
            batch = self.data.in_units(Batch(x[some].to(self.device), key))
            seed_noise(noise_key(key, "quality"))
            reconstruction = self._shown(self.hierarchy(batch.x).px)
            if self.show == "mean":
                yield to_unit(kept[some].to(self.device), *span(self.data)), reconstruction
            else:
                yield to_unit(batch.x, *self.span), reconstruction

    @torch.no_grad()
    def samples(self, n: int, temperature: Temperature, seed: int) -> Iterator[Tensor]:
        """n samples of the model, every layer from p at a temperature."""
        for i, some in enumerate(torch.arange(n).split(self.data.batch_size)):
            seed_noise(noise_key(seed, "quality", i))
            yield self._shown(self.hierarchy.generate(Ancestral((len(some),), temperature)).px)

    def _shown(self, px: Distribution) -> Tensor:
        return to_unit(px.mean if self.show == "mean" else px.sample(), *self.span)


@torch.no_grad()
def possible(hierarchy: Hierarchy, show: Show) -> Show:
    """`draw` in place of `mean` for a likelihood that has none, or none it could tell."""
    if show == "mean":
        try:
            # asked for, not used: torch raises only when it is
            _ = hierarchy.generate(Ancestral((1,))).px.mean
        except NotImplementedError:
            return "draw"
    return show
