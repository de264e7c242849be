"""Batches of a split as one tensor: shuffled by seed and epoch alone, and able to start anywhere."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaelab.errors import DataError
from vaelab.seeding import noise_key


class Batch(NamedTuple):
    """x [B, C, H, W] and the seed of every random number used on it: binarisation, dequantisation, z."""

    x: Any
    key: int


class TrainBatches:
    """A new permutation each epoch, from (seed, epoch). The ragged tail waits for another permutation.

    Under DDP each of `world` ranks takes its own share of every permutation; `batch_size` is per rank.
    Setting `epoch` and `start` puts it at any batch of any epoch: that is all a resumed run needs.
    """

    def __init__(self, x: Tensor, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        if len(x) < world:
            raise DataError(f"{len(x)} training images cannot be shared among {world} processes")
        self.x, self.seed, self.rank, self.world = x, seed, rank, world
        self.batch_size = min(batch_size, len(x) // world)
        self.epoch = self.start = 0

    def __len__(self) -> int:
        return len(self.x) // self.world // self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        epoch, start = self.epoch, self.start
        self.epoch, self.start = epoch + 1, 0
        generator = torch.Generator().manual_seed(noise_key(self.seed, "order", epoch))
        order = torch.randperm(len(self.x), generator=generator)[self.rank :: self.world]
        for i in range(start, len(self)):
            rows = order[i * self.batch_size : (i + 1) * self.batch_size]
            yield Batch(self.x.index_select(0, rows), noise_key(self.seed, "train", epoch, i, self.rank))


class EvalBatches:
    """Every image once, in order, the last batch ragged. The noise of a batch depends on its place alone.

    Under DDP whole batches are dealt out in turn, so that the figures are those of one process. Where there are fewer
    batches than processes, those that get none take an empty one: all of them have to come to the same places.
    """

    def __init__(self, x: Tensor, batch_size: int, seed: int, split: str, rank: int = 0, world: int = 1) -> None:
        self.x, self.batch_size, self.seed, self.split = x, batch_size, seed, split
        self.rank, self.world = rank, world

    def _indices(self) -> range:
        return range(self.rank, max(self.rank + 1, -(-len(self.x) // self.batch_size)), self.world)

    def __len__(self) -> int:
        return len(self._indices())

    def __iter__(self) -> Iterator[Batch]:
        for i in self._indices():
            x = self.x[i * self.batch_size : (i + 1) * self.batch_size]
            yield Batch(x, noise_key(self.seed, self.split, i))
