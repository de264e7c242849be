import hashlib

import numpy as np
import pytest

from vaelab.data.digits import Digits
from vaelab.data.split import SPLITS, Splits

SHA256 = "94f3f7434f74a67649626e20533f731c40f64c83c1eea671fd834b0502309c68"


@pytest.fixture(scope="module")
def splits() -> Splits:
    return Digits(batch_size=8, transform="auto").read()


def test_sixteen_greys_become_bytes_by_rounding(splits: Splits) -> None:
    values = np.unique(np.concatenate([splits[split].ravel() for split in SPLITS]))
    assert values.tolist() == [round(x * 255 / 16) for x in range(17)]
    assert all(x.dtype == np.uint8 for x in splits.values())


def test_all_1797_digits_are_shared_out_80_10_10(splits: Splits) -> None:
    from sklearn.datasets import load_digits

    flat, labels = load_digits(return_X_y=True)
    sizes = np.array([round(0.1 * n) for n in np.bincount(labels)])
    assert [len(splits[split]) for split in SPLITS] == [1797 - 2 * sizes.sum(), sizes.sum(), sizes.sum()]
    assert splits["train"].shape[1:] == (1, 8, 8)
    total = sum(int(splits[split].sum()) for split in SPLITS)
    assert total == sum(round(v * 255 / 16) * int((flat == v).sum()) for v in range(17))


def test_every_digit_has_its_tenth_in_val_and_test(splits: Splits) -> None:
    from sklearn.datasets import load_digits

    flat, labels = load_digits(return_X_y=True)
    label = {np.rint(x * 255 / 16).astype(np.uint8).tobytes(): y for x, y in zip(flat, labels, strict=True)}
    for split in ("val", "test"):
        counts = np.bincount([label[x.tobytes()] for x in splits[split]])
        assert counts.tolist() == [round(0.1 * n) for n in np.bincount(labels)]


def test_the_split_never_changes(splits: Splits) -> None:
    assert hashlib.sha256(b"".join(splits[split].tobytes() for split in SPLITS)).hexdigest() == SHA256
