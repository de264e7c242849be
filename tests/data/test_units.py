import itertools
from typing import get_args

import pytest

import vaelab.likelihood
from vaelab.data.units import BYTES, Transform, Units, Values, choose, offered
from vaelab.errors import ConfigError

GREY, BLACK_AND_WHITE, REAL = Values("floats", 0, 1), Values("floats", 0, 1, True), Values("floats", -3, 4)
VALUES = [BYTES, GREY, BLACK_AND_WHITE, REAL]
TAKES = [("binary",), ("unit", "dequantised"), ("real", "unit", "dequantised"), ("dequantised",), ("byte",)]
# what auto must come to, written by hand: for each takes, on bytes, grey, black-and-white and real values
AUTO = {
    ("binary",): [
        ("dynamic_binarisation", "binary"),
        ("dynamic_binarisation", "binary"),
        ("none", "binary"),
        None,
    ],
    ("unit", "dequantised"): [("scaling", "unit"), ("none", "unit"), ("none", "unit"), None],
    ("real", "unit", "dequantised"): [
        ("scaling", "unit"),
        ("none", "real"),
        ("none", "real"),
        ("none", "real"),
    ],
    ("dequantised",): [("dequantisation", "dequantised"), None, None, None],
    ("byte",): [("none", "byte"), None, None, None],
}


@pytest.mark.parametrize("takes", TAKES, ids=str)
def test_auto_gives_the_expected_units_or_refuses(takes: tuple[str, ...]) -> None:
    for values, expected in zip(VALUES, AUTO[takes], strict=True):
        if expected is None:
            with pytest.raises(ConfigError):
                choose("auto", takes, values, "mydata", "mylikelihood")
        else:
            assert choose("auto", takes, values, "mydata", "mylikelihood") == expected


def test_every_choice_is_as_asked_and_every_refusal_names_both_sides() -> None:
    for transform, takes, values in itertools.product(get_args(Transform), TAKES, VALUES):
        possible = transform == "auto" or transform in offered(values)
        try:
            chosen, units = choose(transform, takes, values, "mydata", "mylikelihood")
        except ConfigError as error:
            message = str(error)
            assert "mydata" in message and f"data.transform={transform}" in message and str(values) in message
            assert not possible or ("mylikelihood" in message and all(unit in message for unit in takes))
        else:
            assert possible and transform in ("auto", chosen)
            assert units in takes and units in offered(values)[chosen]


def test_every_likelihood_takes_units_that_exist() -> None:
    for name in vaelab.likelihood.__all__:
        takes = getattr(getattr(vaelab.likelihood, name), "takes", ())
        assert set(takes) <= set(get_args(Units))
