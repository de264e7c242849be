"""A feature network of the data's own, for images that Inception has never seen the like of."""

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaelab.config.types import Count, Positive, PositiveInt
from vaelab.data.cache import cache_folder
from vaelab.data.image_data import ImageData
from vaelab.data.stored import span, stored, to_unit
from vaelab.errors import CheckpointError, ResourceError
from vaelab.features.features import Features
from vaelab.features.net import Net, accuracy, standardise, train
from vaelab.features.tasks import Labelled, Task, Turned
from vaelab.training.store import load, save

VERSION = 1  # raise it whenever the same key would give another network


class Classifier(Features):
    """The last hidden layer of a small convolutional network that tells the classes of the data's training split.

    Where the data have no classes it tells four turns of an image instead (RotNet), and `name` says rotations_… and
    not classifier_…. It sees the stored images, grey where the model's are binarised, so that runs on the same data
    are held against the same network. Trained once on the CPU, the same for the same seed, and kept in the cache; its
    accuracy on the test split is among the `facts`.
    """

    def __init__(
        self,
        data: ImageData,
        *,
        width: PositiveInt,
        steps: PositiveInt,
        batch_size: PositiveInt,
        lr: Positive,
        seed: Count,
    ) -> None:
        super().__init__()
        self.num_features = width
        low, high = span(data)
        unit = partial(to_unit, low=low, high=high)
        x = {split: stored(data, split) for split in ("train", "test")}
        classes = {split: data.labels(split) for split in x}
        labels = {split: torch.from_numpy(y.astype(np.int64)) for split, y in classes.items() if y is not None}
        labelled = len(labels) == 2 and len(labels["train"].unique()) > 1
        self.name = f"{'classifier' if labelled else 'rotations'}_{plain(data.name)}"

        def task(split: str) -> Task:
            return Labelled(x[split], labels[split], unit) if labelled else Turned(x[split], unit)

        settings: dict[str, Any] = {"steps": steps, "batch_size": batch_size, "lr": lr, "seed": seed}
        n_classes = int(labels["train"].max()) + 1 if labelled else 4
        shown = [tensor.numpy() for tensor in (*x.values(), *(labels.values() if labelled else ()))]
        key = digest([VERSION, width, n_classes, settings], shown)
        file = cache_folder() / f"features-{key}.ckpt"
        # the seed of the first weights; the program's own noise goes on as if nothing had been drawn
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = Net(data.x_shape[0], width, n_classes)
        try:
            state = load(file)
        except CheckpointError:  # not there, or damaged: trained (again)
            train(self.net, task("train"), _track(steps, self.name), steps, batch_size, lr, seed)
            standardise(self.net, task("train"))
            state = {"net": self.net.state_dict(), "test_accuracy": accuracy(self.net, task("test"))}
            _save(state, file)
        self.net.load_state_dict(state["net"])
        self.eval()
        self.facts = {"test_accuracy": state["test_accuracy"], "n_train": len(x["train"]), "key": key, **settings}

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def plain(name: str) -> str:
    """A data set's name as part of a figure's: letters, digits and underscores."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def digest(settings: Any, arrays: list[np.ndarray]) -> str:
    """What tells one trained network from another: the settings, and every value it learnt from or was tested on."""
    told = hashlib.blake2b(repr(settings).encode(), digest_size=12)
    for array in arrays:
        told.update(f"{array.dtype}{array.shape}".encode())
        told.update(np.ascontiguousarray(array).data)
    return told.hexdigest()


def _save(state: dict[str, Any], file: Path) -> None:
    try:
        save(state, file)
    except OSError as error:
        raise ResourceError(
            f"features=classifier: the network cannot be kept in {file.parent} ({error}). "
            "Make room there, or say another folder with the environment variable VAELAB_CACHE."
        ) from error


def _track(steps: int, name: str) -> Any:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    text = f"training the feature network {name}, once"
    return track(range(steps), text, console=console, disable=not console.is_terminal)
