"""Images as they were before any binarisation, and their range."""

import numpy as np
import pytest
import torch

from tests.data.given import Given, greys
from vaelab.data.split import SPLITS
from vaelab.data.stored import span, stored, to_unit
from vaelab.data.units import Transform


@pytest.mark.parametrize("transform", ["dynamic_binarisation", "static_binarisation", "scaling"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_they_are_those_of_the_source_whatever_the_transform(transform: Transform, dtype: str) -> None:
    if (transform, dtype) == ("scaling", "float32"):
        pytest.skip("scaling is for bytes")
    data = Given(greys(dtype=dtype), transform)
    data.give(("binary", "unit"), "some", 0)
    for split in SPLITS:
        assert np.array_equal(stored(data, split).numpy(), greys(dtype=dtype)[split])
    assert span(data) == ((0, 255) if dtype == "uint8" else (0, 1))


def test_values_without_a_range_take_that_of_the_training_split() -> None:
    x = {split: np.array([-2.0, 1.0, 6.0], np.float32).reshape(3, 1, 1, 1) for split in SPLITS}
    x["test"] = x["test"] * 10
    data = Given(x)
    data.give(("real",), "gaussian", 0)
    assert span(data) == (-2, 6)
    shown = to_unit(data.split("test"), *span(data))
    assert shown.flatten().tolist() == [0, 1, 1], "what lies outside is clipped"
    torch.testing.assert_close(to_unit(data.split("train"), *span(data)).flatten(), torch.tensor([0, 0.375, 1]))
