"""Charts and strips, against what their cells must be."""

import pytest

from vaelab.terminal.canvas import Canvas
from vaelab.terminal.chart import chart, resampled
from vaelab.terminal.glyphs import ASCII, UNICODE, Glyphs, glyphs
from vaelab.terminal.strip import strip

STYLES = ("", "")


def test_a_braille_cell_is_numbered_as_unicode_does() -> None:
    """U+2800 + the bits of dots 1-8, where 1, 2, 3, 7 go down on the left and 4, 5, 6, 8 on the right."""
    for number, (x, y) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]):
        canvas = Canvas(1, 1, UNICODE)
        canvas.dot(x, y, 0)
        assert canvas.lines("t", ("",))[0].plain == chr(0x2800 + (1 << number))


def test_a_straight_line_is_a_diagonal() -> None:
    lines = [line.plain for line in chart([], [(0, 0.0), (100, 100.0)], 51, 41, ASCII, STYLES)]
    assert len(lines) == 41
    cells = [line.split("|")[1] for line in lines[:-1]]
    # 40 × 40 cells; the axis begins at the tenth of the columns' values that lies below it
    assert all(set(row) <= {" ", "v"} and "v" in row for row in cells)
    places = [row.index("v") for row in cells]
    assert places == sorted(places, reverse=True) and cells[0].endswith("v") and cells[-1].startswith("vvvv")
    assert lines[0].split("|")[0].strip() == "100.0"
    assert lines[-2].split("|")[0].strip() == "<=10.3"  # of 0, 100/39 … 100 the fifth
    assert lines[-1].split("+")[1].startswith("0 ") and lines[-1].endswith("step 100")


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
def test_it_has_the_size_that_is_asked_for(signs: Glyphs) -> None:
    train = [(i, -300.0 / (i + 1)) for i in range(0, 500, 7)]
    val = [(i, -310.0 / (i + 1)) for i in range(50, 500, 50)]
    for width, height in ((80, 5), (140, 20), (31, 3)):
        lines = chart(train, val, width, height, signs, STYLES)
        assert len(lines) == height and {len(line) for line in lines} == {width}


def test_the_two_curves_can_be_told_apart_without_colour() -> None:
    train, val = [(0.0, 0.0), (100.0, 0.0)], [(0.0, 1.0), (100.0, 1.0)]
    flat = "".join(line.plain for line in chart(train, val, 60, 6, ASCII, STYLES))
    assert "v" * 49 in flat and "t t t" in flat and "tt" not in flat
    dots = [line.plain for line in chart(train, val, 60, 6, UNICODE, STYLES)]
    assert "⠉⠉⠉" in dots[0] and "⡀⡀⡀" in dots[4]


def test_without_two_steps_or_room_there_is_none() -> None:
    for train, val, width, height in (
        ([], [], 80, 10),
        ([(5.0, 1.0)], [(5.0, 2.0)], 80, 10),
        ([(0.0, 1.0), (1.0, 2.0)], [], 25, 10),
        ([(0.0, 1.0), (1.0, 2.0)], [], 80, 2),
    ):
        assert chart(train, val, width, height, UNICODE, STYLES) == []


def test_a_flat_curve_and_huge_values_are_drawn() -> None:
    for value in (0.0, -3.0, 1e9):
        assert len(chart([], [(0.0, value), (9.0, value)], 80, 6, UNICODE, STYLES)) == 6


def test_resampling_takes_means_and_straight_lines() -> None:
    assert resampled([(0, 1.0), (0, 3.0), (4, 6.0)], 0, 4, 5) == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert resampled([(1, 1.0), (3, 3.0)], 0, 4, 5) == [None, 1.0, 2.0, 3.0, None]
    assert resampled([], 0, 4, 5) == [None] * 5


def test_a_strip_is_sorted_and_scaled() -> None:
    assert strip([0.0, 7.0, 3.0], 7.0, 10, UNICODE) == "█▄▁"
    assert strip([0.0, 7.0, 3.0], 14.0, 10, ASCII) == "=:_"  # 7/14, 3/14 and 0 of seven steps: 4, 2, 0
    assert strip([1.0, None, float("nan"), -2.0], 1.0, 10, UNICODE) == "█▁▁▁"
    assert strip([], 1.0, 10, UNICODE) == "" and strip([1.0], 0.0, 10, UNICODE) == "▁"


def test_units_that_share_a_character_show_their_mean() -> None:
    assert strip([1.0, 0.0, 1.0, 0.0], 1.0, 2, UNICODE) == "█▁"
    assert strip([1.0] * 3 + [0.0], 1.0, 2, UNICODE) == "█▅"  # the mean of 1 and 0 is the upper of the middle bars
    assert len(strip([0.5] * 1000, 1.0, 33, UNICODE)) == 33


def test_ascii_is_taken_where_the_rest_cannot_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert glyphs("utf-8") is UNICODE and glyphs("UTF-8") is UNICODE
    assert glyphs("latin-1") is ASCII and glyphs("ascii") is ASCII and glyphs("utf-8", ascii_only=True) is ASCII
    monkeypatch.setenv("TERM", "linux")
    assert glyphs("utf-8") is ASCII
    for value in vars(ASCII).values():
        assert str(value).isascii()
