"""The number of active units of each layer, over a whole split."""

import torch
from torch import Tensor
from torchmetrics import Metric

from vaelab.diagnostics.active_units import active, moments_of, posterior_means
from vaelab.model import Terms


class ActiveUnits(Metric):
    """`compute` gives {"active_units/z{i}": number} for the layers' `z_dims`, from passes of `draws` draws.

    See `diagnostics.active_units`.
    """

    full_state_update = False
    count: Tensor

    def __init__(self, z_dims: list[int], draws: int = 1) -> None:
        super().__init__()
        self.z_dims, self.draws = list(z_dims), draws
        for i, d in enumerate(z_dims, start=1):
            self.add_state(f"moments_z{i}", torch.zeros(3, d, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Terms) -> None:
        for i, latent in enumerate(terms.latents, start=1):
            mean, noise = (t.double() for t in posterior_means(latent))
            moments = getattr(self, f"moments_z{i}")
            moments += moments_of(mean, noise)
        self.count += len(mean)

    def compute(self) -> dict[str, float]:
        return {
            f"active_units/z{i}": float(active(getattr(self, f"moments_z{i}"), float(self.count), self.draws).sum())
            for i in range(1, len(self.z_dims) + 1)
        }
