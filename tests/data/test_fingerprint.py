"""Data that are others are told from those that are the same."""

import numpy as np
import pytest

from tests.data.given import Given
from vaelab.data import fingerprint as module
from vaelab.data.fingerprint import data_changes, fingerprint
from vaelab.data.split import Splits


def images(n: int = 40) -> Splits:
    rng = np.random.default_rng(0)
    return {split: rng.integers(0, 256, (n, 1, 4, 4), dtype=np.uint8) for split in ("train", "val", "test")}


def of(splits: Splits) -> dict[str, object]:
    return fingerprint(Given(splits))


def test_the_same_data_have_the_same_fingerprint() -> None:
    assert of(images()) == of(images())
    assert data_changes(of(images()), of({k: x.copy() for k, x in images().items()})) == []


def test_every_change_is_told() -> None:
    before = of(images())
    for change, words in (
        (lambda x: x[:-1], "train split 40 → 39 images"),
        (lambda x: x[:, :, :3], "train split [1, 4, 4] → [1, 3, 4]"),
        (lambda x: x.astype(np.float32), "train split uint8 → float32"),
        (lambda x: x ^ np.uint8(1), "train split of other pixels"),
        (lambda x: x[::-1], "train split of other pixels"),
    ):
        now = {k: change(x) for k, x in images().items()}
        told = data_changes(before, of(now))
        assert told[0] == words and len(told) == 3, told
    one = images()
    one["test"][-1, 0, -1, -1] ^= 1  # a bit
    assert data_changes(before, of(one)) == ["test split of other pixels"]


def test_of_large_data_some_images_are_looked_at_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10 * 16)
    before, other = of(images()), images()
    assert before["train"]["looked_at"] == 10  # type: ignore[index]
    other["train"] ^= np.uint8(1)
    assert data_changes(before, of(other)) == ["train split of other pixels (of 10 images looked at)"]
