import math

import pytest

from vaelab.report.words import count, course, listed, sentence, told, with_error


def test_numbers_have_a_true_minus_and_a_dash_where_there_is_none() -> None:
    assert told(-104.318) == "\u2212104.32" and told(None) == told(math.nan) == "–" and told(2.0, 0) == "2"
    assert with_error((1.0, 0.5)) == "1.00\u00a0±\u00a00.50" and with_error((1.0, math.nan)) == "1.00"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([-2, -1], "kl rose from −2.00 to −1.00"),
        ([2, 1], "kl fell from 2.00 to 1.00"),
        ([1, 3, 1], "kl stayed at 1.00"),
    ],
)
def test_a_course_says_which_way_it_went(values: list[float], words: str) -> None:
    epochs = list(range(1, len(values) + 1))
    assert course("kl", values, epochs) == f"{words} over epochs 1 to {len(values)}"


def test_short_courses() -> None:
    assert course("kl", [], []) == "kl has no values yet"
    assert course("kl", [1.0], [4]) == "kl is 1.00 at epoch 4"


def test_lists_and_sentences_are_read_aloud_well() -> None:
    assert listed(["a"]) == "a" and listed(["a", "b"]) == "a and b" and listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcde"), 2) == "a, b and 3 more"
    assert sentence("the first", None, "z2 is a name.") == "The first. z2 is a name."
    assert count(1, "run") == "1 run" and count(2, "run") == "2 runs"
