"""The one data module."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from vaelab.data.batches import Batch, EvalBatches, TrainBatches
from vaelab.data.split import SPLITS, Splits
from vaelab.data.transform import binarise, to_units
from vaelab.data.units import BYTES, Transform, Units, Values, choose
from vaelab.errors import ConfigError, DataError
from vaelab.seeding import noise_key


class ImageData(pl.LightningDataModule):
    """Images in three splits, in the units a likelihood takes.

    A source says only how its arrays are read (`read`), all else is here: checks, units, batches, noise.
    Each split is held as one tensor [N, C, H, W], uint8 or float32; batches are cut from it and come to their
    units on the device. `name` is what a message calls the data.
    """

    name: str

    def __init__(self, *, batch_size: int, transform: Transform, name: str) -> None:
        super().__init__()
        self.batch_size, self.transform, self.name = batch_size, transform, name
        self._asked: Transform = transform
        self._binarised = False
        self.seed = 0
        self._place = (0, 0)  # epoch and batch at which training starts
        self.units: Units | None = None
        self._splits: dict[str, Tensor] = {}
        self._generators: dict[torch.device, torch.Generator] = {}

    @abstractmethod
    def read(self) -> Splits:
        """{"train": [N, C, H, W], "val": …, "test": …}, uint8 or float32 each."""

    def labels(self, split: str) -> np.ndarray | None:
        """The class of each image of `read()[split]`, whole numbers [N]; None where the source knows no classes."""
        return None

    def origin(self, split: str, index: int | None = None) -> str:
        """What a message calls a split, or image `index` of it; a source that knows the file names it."""
        return _origin(split, index)

    @property
    def x_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of every image."""
        c, h, w = self.split("train").shape[1:]
        return c, h, w

    def split(self, name: str) -> Tensor:
        """A whole split as stored, [N, C, H, W], read and checked on first use. Raises DataError."""
        if not self._splits:
            arrays = self.read()
            check_splits(arrays, self.name, self.origin)
            # contiguous for fast batches, writeable as torch wants it; copied only if need be
            whole = {key: np.require(arrays[key], requirements=["C", "W"]) for key in SPLITS}
            self._splits = {key: torch.from_numpy(np.asarray(x)) for key, x in whole.items()}
        if name not in self._splits:
            raise DataError(f"data={self.name} has no split {name!r}; it has {', '.join(SPLITS)}")
        return self._splits[name]

    @property
    def values(self) -> Values:
        """What the splits hold, over all of them."""
        splits = [self.split(name) for name in SPLITS]
        if splits[0].dtype == torch.uint8:
            return BYTES
        low, high = min(float(s.min()) for s in splits), max(float(s.max()) for s in splits)
        binary = low >= 0 and high <= 1 and all(bool(((s == 0) | (s == 1)).all()) for s in splits)
        return Values("floats", low, high, binary)

    def give(self, takes: tuple[str, ...], likelihood: str, seed: int) -> None:
        """Settle the units for a likelihood that takes `takes`, and the seed of order and noise.

        May be called again for another likelihood. Raises ConfigError when the data cannot give such units.
        """
        self.seed = seed
        self.transform, self.units = choose(self._asked, takes, self.values, self.name, likelihood)
        if self.transform == "static_binarisation" and not self._binarised:
            self._binarised = True
            for i, split in enumerate(SPLITS):
                generator = torch.Generator().manual_seed(noise_key("static binarisation", i))
                self._splits[split] = binarise(self._splits[split], generator).to(torch.uint8)

    def train_dataloader(self) -> TrainBatches:
        batches = TrainBatches(self.split("train"), self.batch_size, self.seed, *self._rank())
        batches.epoch, batches.start = self._place
        return batches

    def state_dict(self) -> dict[str, Any]:
        """The batch that training comes to next."""
        assert self.trainer is not None
        epoch, ready = self.trainer.current_epoch, self.trainer.fit_loop.epoch_loop.batch_progress.current.ready
        ended = ready >= self.trainer.num_training_batches
        return {"epoch": epoch + 1, "batch": 0} if ended else {"epoch": epoch, "batch": ready}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._place = (state_dict["epoch"], state_dict["batch"])

    def val_dataloader(self) -> EvalBatches:
        return self._for_each(self.eval_batches("val"))

    def test_dataloader(self) -> EvalBatches:
        return self._for_each(self.eval_batches("test"))

    def eval_batches(
        self, split: str, seed: int | None = None, max_images: int | None = None, batch_size: int | None = None
    ) -> EvalBatches:
        x, seed = self.spread(split, max_images), self.seed if seed is None else seed
        return EvalBatches(x, batch_size or self.batch_size, seed, split, *self._rank())

    def spread(self, split: str, n: int | None) -> Tensor:
        """n images spread evenly over a split, or all of it: where it is sorted by class, every class is met."""
        x = self.split(split)
        return x if n is None or n >= len(x) else x[torch.linspace(0, len(x) - 1, n).long()]

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int = 0) -> Any:
        if not isinstance(batch, Batch):
            return super().transfer_batch_to_device(batch, device, dataloader_idx)
        return Batch(batch.x.to(device, non_blocking=True), batch.key)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int = 0) -> Any:
        return self.in_units(batch) if isinstance(batch, Batch) else batch

    def in_units(self, batch: Batch) -> Batch:
        """The batch as the likelihood takes it, its noise from the batch's own key."""
        device = batch.x.device
        if device not in self._generators:
            self._generators[device] = torch.Generator(device)
        generator = self._generators[device].manual_seed(batch.key)
        return Batch(to_units(batch.x, self.transform, generator), batch.key)

    def _for_each(self, batches: EvalBatches) -> EvalBatches:
        """The batches, if every process has one: Lightning would fail on the one that has none."""
        n, world = len(batches.x), batches.world
        if n <= (world - 1) * batches.batch_size:
            raise ConfigError(
                f"the {n} images of the {batches.split} split are fewer batches than the {world} processes that share "
                f"them: give data.batch_size={max(1, (n - 1) // (world - 1))} or less"
            )
        return batches

    def _rank(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer is not None else (0, 1)


def _origin(split: str, index: int | None = None) -> str:
    return f"the {split} split" if index is None else f"image {index} of the {split} split"


def check_splits(arrays: Splits, name: str, origin: Callable[..., str] = _origin) -> None:
    """Raise DataError for a missing or empty split, images that differ in shape or type, NaN or inf.

    `origin(split)` and `origin(split, index)` are the words for a split and for an image of it.
    """
    for split in SPLITS:
        if split not in arrays or arrays[split].size == 0:
            raise DataError(f"data={name}: {origin(split)} is empty or missing")
        x, first = arrays[split], arrays["train"]
        if x.ndim != 4:
            raise DataError(f"data={name}: {origin(split)} has shape {x.shape}, expected [N, C, H, W]")
        if x.dtype not in (np.uint8, np.float32):
            raise DataError(f"data={name}: {origin(split)} is {x.dtype}, expected uint8 or float32")
        if x.shape[1:] != first.shape[1:] or x.dtype != first.dtype:
            raise DataError(
                f"data={name}: images of {origin(split)} are {x.dtype} {x.shape[1:]}, "
                f"those of {origin('train')} {first.dtype} {first.shape[1:]}; all must be alike"
            )
        if x.dtype == np.float32 and not np.isfinite(x).all():
            index = int(np.argwhere(~np.isfinite(x).all(axis=(1, 2, 3)))[0, 0])
            raise DataError(f"data={name}: {origin(split, index)} holds NaN or inf. Remove or repair it, then go on.")
