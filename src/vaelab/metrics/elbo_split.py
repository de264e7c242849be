"""The ELBO and what it is made of: the same figures, from the same record, in training, validation and test."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from vaelab.metrics.bits_per_dim import bits_per_dim
from vaelab.model import Terms


def names(aligned: Sequence[bool]) -> list[str]:
    """What `split` calls its figures: the sums, then each layer's term from z_1 up.

    A layer's term is `kl/z{i}` where it is a KL and `log_ratio/z{i}` where q and p are not aligned.
    """
    layers = [f"{'kl' if layer else 'log_ratio'}/z{i}" for i, layer in enumerate(aligned, start=1)]
    return ["elbo", "reconstruction", "kl", "objective", *layers]


def split(terms: Terms, objective: Tensor) -> dict[str, Tensor]:
    """Every figure of the split per image, nats, [B] each (`objective` may be one number for the batch)."""
    figures = (terms.elbo, terms.reconstruction, terms.kl, objective, *terms.costs)
    return dict(zip(names([latent.aligned for latent in terms.latents]), figures, strict=True))


class ElboSplit(Metric):
    """Means of `split` over all images seen: sums and a count, never a mean of batch means. (`objective` is what each
    batch gave: where it holds a floor under batch means, it depends on the batches.)

    `aligned` says of each layer whether its term is a KL. `compute` gives {name: nats}, empty when no image was
    seen, with `bits_per_dim` beside them where `units` make it one.
    """

    full_state_update = False
    sums: Tensor
    count: Tensor

    def __init__(self, aligned: Sequence[bool], units: str, n_dims: int) -> None:
        super().__init__()
        self.units, self.n_dims = units, n_dims
        # known from the start: under DDP a process may have had no batch of a small split
        self.names = names(aligned)
        self.add_state("sums", torch.zeros(len(self.names), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Terms, objective: Tensor) -> None:
        with torch.no_grad():
            batch = len(terms.elbo)
            figures = [figure.expand(batch) for figure in split(terms, objective).values()]
            self.sums += torch.stack(figures).sum(1)
            self.count += batch

    def compute(self) -> dict[str, float]:
        if self.count == 0:
            return {}
        means = dict(zip(self.names, (self.sums / self.count).tolist(), strict=True))
        bits = bits_per_dim(means["elbo"], self.units, self.n_dims)
        return means if bits is None else {**means, "bits_per_dim": bits}
