import math
from collections.abc import Callable
from typing import Any, Literal

import pytest

from vaelab.config.annotation import ANYTHING, Node
from vaelab.config.match import fault, inner, show, words
from vaelab.config.types import ExistingPath, Fraction, Positive, PositiveInt

NODE = {"_target_": "a.b"}
Mode = Literal["relu", "tanh"]


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int), (1, float), (0.5, Positive), (True, bool), ("a", str), (None, int | None), ([], list[int]),
        ([1], list[PositiveInt]), ([1, "a"], tuple[int, str]), ({}, dict[str, int]), ("relu", Mode),
        (NODE, Node), (NODE, Callable[..., Any]), (None, Mode | None), (-1, PositiveInt | Literal[-1]),
        (object(), ANYTHING), ([NODE], list[Node]), (10**400, float),
        ("warn", bool | Literal["warn"]), (math.inf, ANYTHING), (1, set[int]),
    ],
)  # fmt: skip
def test_values_that_fit(value: Any, annotation: Any) -> None:
    assert fault("s", value, annotation) is None


@pytest.mark.parametrize(
    ("value", "annotation", "text"),
    [
        (True, int, "s must be a whole number, not true"),
        (1.0, int, "s must be a whole number, not 1.0"),
        (True, float, "s must be a number, not true"),
        (-1, Positive, "s must be a number above 0, not -1"),
        (math.nan, float, "s must be a number, not nan"),
        (math.inf, Positive, "s must be a number above 0, not inf"),
        (math.nan, ANYTHING, "s must be a finite value, not nan"),
        (None, bool, "s must be true or false, not null"),
        (1, bool, "s must be true or false, not 1"),
        (1, Literal[True], "s must be true, not 1"),
        ("1e-3", float,
         "s must be a number, not '1e-3' (this is text; YAML wants 1.0e-3 without quotes)"),
        ("1E5", float, "s must be a number, not '1E5' (this is text; YAML wants 1.0e+5 without quotes)"),
        ("3", float | None,
         "s must be a number, or null, not '3' (this is text; YAML wants 3 without quotes)"),
        (3, str, "s must be text, not 3 (quotes make it text)"),
        ("rleu", Mode, "s must be one of relu, tanh, not 'rleu'; did you mean 'relu'?"),
        ([], list[PositiveInt],
         "s must be a list of one or more, each a whole number, 1 or above, not []"),
        (3, list[int], "s must be a list, each a whole number, not 3"),
        ([1], tuple[int, str], "s must be a list of 2: a whole number; text, not [1]"),
        (NODE, float, "s must be a number, not a a.b"),
        ("mlp", Node,
         "s must be a group with a _target_, not 'mlp'; a file of that group is chosen with s=mlp"),
        ({}, Node, "s must be a group with a _target_, not a group of settings"),
        (0.5, PositiveInt | Literal["auto", -1],
         "s must be a whole number, 1 or above, or one of auto, -1, not 0.5"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_told_in_words(value: Any, annotation: Any, text: str) -> None:
    found = fault("s", value, annotation)
    assert found is not None and found.text == text and found.code == 2


@pytest.mark.parametrize("annotation", [ExistingPath, ExistingPath | None])
def test_a_range_gives_its_code_only_to_values_of_its_kind(annotation: Any) -> None:
    missing, wrong = fault("s", "/nowhere", annotation), fault("s", 3, annotation)
    assert missing is not None and missing.code == 4
    assert wrong is not None and wrong.code == 2


def test_elements_have_the_type_of_the_option_their_container_fits() -> None:
    assert inner([1], int | list[Fraction]) == Fraction
    assert inner([1, 2], tuple[int, str], 1) is str
    assert inner([1, 2], tuple[int, ...], 1) is int
    assert inner({"a": 1}, dict[str, int] | None) is int
    assert inner([1], ANYTHING) is ANYTHING


def test_long_values_are_cut_and_unknown_types_have_no_words() -> None:
    assert len(show(list(range(1000)))) == 80
    assert show([None, True, "a"]) == "[null, true, 'a']"
    assert words(int | ANYTHING) == words(set[int]) == ""
