import numpy as np
import pytest

from vaelab.data.split import SPLITS, cut, fill
from vaelab.errors import DataError


@pytest.mark.parametrize("n", [3, 4, 10, 101])
def test_a_cut_loses_nothing_and_leaves_no_split_empty(n: int) -> None:
    rows = cut(n, (0.1, 0.1))
    assert sorted(np.concatenate(list(rows.values()))) == list(range(n))
    assert all(len(rows[split]) == max(1, round(0.1 * n)) for split in ("val", "test"))
    assert all((np.diff(rows[split]) > 0).all() for split in SPLITS)


def test_a_cut_is_fixed_by_its_seed() -> None:
    assert cut(10, (0.1, 0.1))["test"].tolist() == cut(10, (0.1, 0.1))["test"].tolist()
    assert {tuple(cut(100, (0.1, 0.1), seed)["test"]) for seed in range(5)} != {tuple(cut(100, (0.1, 0.1))["test"])}


@pytest.mark.parametrize("given", [("train",), ("train", "val"), ("train", "test"), SPLITS])
def test_only_what_is_missing_is_cut_off_train(given: tuple[str, ...]) -> None:
    plan = fill(dict.fromkeys(given, 50), "mydata")
    assert list(plan) == list(SPLITS)
    assert all(plan[split] == (split, None) for split in given if split != "train")
    taken = [rows for source, rows in plan.values() if source == "train" and rows is not None]
    assert not taken or sorted(np.concatenate(taken)) == list(range(50))
    assert [len(plan[split][1]) for split in SPLITS if split not in given] == [5] * (3 - len(given))


def test_too_few_images_to_cut_from_are_refused() -> None:
    assert [len(fill({"train": 3}, "mydata")[split][1]) for split in SPLITS] == [1, 1, 1]
    with pytest.raises(DataError, match="mydata: 2 images are too few to cut val and test off them"):
        fill({"train": 2}, "mydata")
    with pytest.raises(DataError, match="mydata: 1 images are too few to cut test off them"):
        fill({"train": 1, "val": 5}, "mydata")
