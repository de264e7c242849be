"""The units of each layer, over a whole split: how many are active, and what each carries."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric

from vaelab.diagnostics.active_units import active, mean_unit_kl, moments_of, posterior_means, variance
from vaelab.model import Terms


class LayerUnits(NamedTuple):
    """Of each unit of one layer, [d]: its mean KL in nats (None where it has none of its own, or the layer's term is no
    KL), Var_x(E_q[z_u | x]), and whether that makes it active."""

    kl: Tensor | None
    variance: Tensor
    active: Tensor


class ActiveUnits(Metric):
    """`compute` gives {"active_units/z{i}": number} for the layers' `z_dims`, from passes of `draws` draws, and `units`
    the same unit by unit.

    See `diagnostics.active_units`.
    """

    full_state_update = False
    count: Tensor

    def __init__(self, z_dims: list[int], draws: int = 1) -> None:
        super().__init__()
        self.z_dims, self.draws = list(z_dims), draws
        for i, d in enumerate(z_dims, start=1):
            self.add_state(f"moments_z{i}", torch.zeros(3, d, dtype=torch.float64), dist_reduce_fx="sum")
            self.add_state(f"kl_z{i}", torch.zeros(d, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Terms) -> None:
        for i, latent in enumerate(terms.latents, start=1):
            mean, noise = (t.double() for t in posterior_means(latent))
            moments, kl = getattr(self, f"moments_z{i}"), getattr(self, f"kl_z{i}")
            moments += moments_of(mean, noise)
            kl += mean_unit_kl(latent) * len(mean)
        self.count += len(mean)

    def compute(self) -> dict[str, float]:
        return {f"active_units/z{i}": float(layer.active.sum()) for i, layer in enumerate(self._layers(), start=1)}

    def units(self) -> list[LayerUnits]:
        """Every unit of every layer, from z_1 up, over all ranks, which all must ask. Empty without images."""
        with self.sync_context():
            return self._layers() if self.count else []

    def _layers(self) -> list[LayerUnits]:
        count = float(self.count)
        layers = []
        for i in range(1, len(self.z_dims) + 1):
            moments, kl = getattr(self, f"moments_z{i}"), getattr(self, f"kl_z{i}") / count
            told = None if kl.isnan().any() else kl
            layers.append(LayerUnits(told, variance(moments, count), active(moments, count, self.draws)))
        return layers
