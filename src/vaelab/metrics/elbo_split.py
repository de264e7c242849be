"""The ELBO and what it is made of: the same figures, from the same record, in training, validation and test."""

import torch
from torch import Tensor
from torchmetrics import Metric

from vaelab.metrics.bits_per_dim import bits_per_dim
from vaelab.model import Terms


def split(terms: Terms, objective: Tensor) -> dict[str, Tensor]:
    """Every figure of the split per image, [B] each, nats: elbo, reconstruction, kl, objective, and each layer's term.

    A layer's term is `kl/z{i}` where it is a KL and `log_ratio/z{i}` where q and p are not aligned.
    """
    figures = {
        "elbo": terms.elbo,
        "reconstruction": terms.reconstruction,
        "kl": terms.kl,
        "objective": objective,
    }
    for i, (latent, cost) in enumerate(zip(terms.latents, terms.costs, strict=True), start=1):
        figures[f"{'kl' if latent.aligned else 'log_ratio'}/z{i}"] = cost
    return figures


class ElboSplit(Metric):
    """Means of `split` over all images seen: sums and a count, never a mean of batch means.

    `compute` gives {name: nats}, with `bits_per_dim` beside them where `units` make it one.
    """

    full_state_update = False
    sums: Tensor
    count: Tensor

    def __init__(self, depth: int, units: str, n_dims: int) -> None:
        super().__init__()
        self.units, self.n_dims = units, n_dims
        self.names: list[str] = []
        self.add_state("sums", torch.zeros(4 + depth, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Terms, objective: Tensor) -> None:
        with torch.no_grad():
            figures = split(terms, objective)
            self.names = list(figures)
            batch = len(terms.elbo)
            self.sums += torch.stack([figure.expand(batch) for figure in figures.values()]).sum(1)
            self.count += batch

    def compute(self) -> dict[str, float]:
        means = dict(zip(self.names, (self.sums / self.count).tolist(), strict=True))
        bits = bits_per_dim(means["elbo"], self.units, self.n_dims) if means else None
        return means if bits is None else {**means, "bits_per_dim": bits}
