import warnings

import numpy as np
import pytest
import torch

from tests.data.given import Given, greys
from vaelab.data.image_data import check_splits
from vaelab.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("split", "x", "words"),
    [
        ("val", None, "val split is empty or missing"),
        ("test", np.zeros((0, 1, 5, 5), np.uint8), "test split is empty or missing"),
        ("train", np.zeros((4, 1, 0, 5), np.uint8), "train split is empty or missing"),
        ("val", np.zeros((4, 5, 5), np.uint8), r"val split has shape \(4, 5, 5\)"),
        ("val", np.zeros((4, 1, 5, 5)), "val split is float64"),
        (
            "test",
            np.zeros((4, 1, 6, 5), np.uint8),
            r"test split are uint8 \(1, 6, 5\).*train split uint8 \(1, 5, 5\)",
        ),
        ("test", np.zeros((4, 1, 5, 5), np.float32), "test split are float32"),
    ],
)
def test_splits_that_cannot_be_are_refused_by_name(split: str, x: np.ndarray | None, words: str) -> None:
    splits = greys()
    if x is None:
        del splits[split]
    else:
        splits[split] = x
    with pytest.raises(DataError, match=words):
        check_splits(splits, "given")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_and_its_image_named(bad: float) -> None:
    splits = greys(dtype="float32")
    splits["val"][7, 0, 2, 3] = bad
    with pytest.raises(DataError, match="image 7 of the val split holds NaN or inf"):
        Given(splits).split("train")


def test_read_only_and_strided_arrays_become_contiguous_tensors_without_a_warning() -> None:
    splits = {split: x.transpose(0, 1, 3, 2) for split, x in greys().items()}
    for x in splits.values():
        x.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = Given(splits).split("train")
    assert tensor.is_contiguous() and np.array_equal(tensor.numpy(), splits["train"])


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="train, val, test"):
        Given(greys()).split("valid")


def test_the_units_can_be_given_again_for_another_likelihood() -> None:
    data = Given(greys())
    data.give(("binary",), "bernoulli", 0)
    data.give(("unit",), "continuous_bernoulli", 0)
    assert (data.transform, data.units) == ("scaling", "unit")


def test_static_binarisation_is_done_once_however_often_units_are_given() -> None:
    data = Given(greys(), "static_binarisation")
    data.give(("binary",), "bernoulli", 0)
    once = data.split("test").clone()
    data.give(("binary",), "bernoulli", 0)
    assert torch.equal(data.split("test"), once) and 0.3 < once.float().mean() < 0.7


def test_static_binarisation_does_not_write_into_the_source() -> None:
    splits = greys()
    before = splits["train"].copy()
    Given(splits, "static_binarisation").give(("binary",), "bernoulli", 0)
    assert np.array_equal(splits["train"], before)


def test_values_are_what_all_splits_hold() -> None:
    splits = greys(dtype="float32")
    splits["test"][0, 0, 0, 0] = -2
    assert Given(splits).values.low == -2
    with pytest.raises(ConfigError, match="floats from -2 to"):
        Given(splits).give(("binary",), "bernoulli", 0)
    white = {split: np.ones_like(x) for split, x in splits.items()}
    assert Given(white).values.only_zeros_and_ones
