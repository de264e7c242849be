"""The ELBO and what it is made of: the same figures, from the same record, in training, validation and test."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from vaelab.metrics.bits_per_dim import bits_per_dim
from vaelab.model import Terms


def term(aligned: bool) -> str:
    """What a layer's share of the kl is called: `kl` where it is one, `log_ratio` where q and p are not aligned."""
    return "kl" if aligned else "log_ratio"


def names(aligned: Sequence[bool]) -> list[str]:
    """The figures of a split: the sums, then each layer's term from z_1 up."""
    layers = [f"{term(layer)}/z{i}" for i, layer in enumerate(aligned, start=1)]
    return ["elbo", "reconstruction", "kl", "objective", *layers]


class ElboSplit(Metric):
    """Means over all images seen of elbo, reconstruction, kl, objective and each layer's term, nats per image.

    Sums and a count, never a mean of batch means. (`objective` is what each batch gave: where it holds a floor under
    batch means, it depends on the batches.) `aligned` says of each layer whether its term is a KL.
    `compute` gives {name: nats}, empty when no image was seen, with `bits_per_dim` beside where `units` make it one.
    """

    full_state_update = False
    sums: Tensor
    count: Tensor

    def __init__(self, aligned: Sequence[bool], units: str, n_dims: int) -> None:
        super().__init__()
        self.units, self.n_dims = units, n_dims
        # known from the start: under DDP a process may have had no batch of a small split
        self.names = names(aligned)
        self._waiting: list[list[Tensor]] = []
        self.add_state("sums", torch.zeros(2 + len(aligned), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, terms: Terms, objective: Tensor) -> None:
        self.note(terms, objective)

    def note(self, terms: Terms, objective: Tensor) -> None:
        """`update` without what torchmetrics wraps around it, which costs a hundredth of a small model's step."""
        self.__dict__["_computed"] = None
        # elbo and kl follow from these. Summed some batches at a time: a small model's step would notice each sum
        self._waiting.append([figure.detach() for figure in (terms.reconstruction, objective, *terms.costs)])
        if len(self._waiting) == 32:
            self._add_up()

    def _add_up(self) -> None:
        if self._waiting:
            rows = torch.stack([torch.cat(figures) for figures in zip(*self._waiting, strict=True)])
            self.sums += rows.sum(1, dtype=torch.float64)
            self.count += rows.shape[1]
            self._waiting = []

    def so_far(self) -> dict[str, Any]:
        """What has been seen since the reset, for a checkpoint. Nothing is added up: a state that is saved changes no
        rounding."""
        waiting = [[figure.cpu() for figure in figures] for figures in self._waiting]
        return {"sums": self.sums.cpu().clone(), "count": self.count.cpu().clone(), "waiting": waiting}

    def go_on(self, so_far: dict[str, Any]) -> None:
        """From what `so_far` gave."""
        self.reset()
        device = self.sums.device
        self.sums, self.count = so_far["sums"].to(device), so_far["count"].to(device)
        self._waiting = [[figure.to(device) for figure in figures] for figures in so_far["waiting"]]
        self._update_count = int(self.count > 0 or bool(self._waiting))

    def reset(self) -> None:
        self._waiting = []
        super().reset()

    def sync(self, *args: Any, **kwargs: Any) -> None:
        self._add_up()
        super().sync(*args, **kwargs)

    def compute(self) -> dict[str, float]:
        self._add_up()
        if self.count == 0:
            return {}
        reconstruction, objective, *costs = (self.sums / self.count).tolist()
        values = reconstruction - sum(costs), reconstruction, sum(costs), objective, *costs
        means = dict(zip(self.names, values, strict=True))
        bits = bits_per_dim(means["elbo"], self.units, self.n_dims)
        return means if bits is None else {**means, "bits_per_dim": bits}
