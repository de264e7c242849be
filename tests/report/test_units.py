from typing import Any

from vaelab.report.units import MOST_EPOCHS, MOST_UNITS, layer_names, turns, unit_map


def line(epoch: int, active: list[bool], kl: list[float] | None = None) -> dict[str, Any]:
    layer = {"layer": "z1", "kl": kl, "variance": [float(a) for a in active], "active": active}
    return {"step": epoch, "epoch": epoch, "layers": [layer]}


def test_who_died_and_who_came_back() -> None:
    lines = [line(0, [False, True]), line(1, [True, True]), line(2, [False, True]), line(3, [True, False])]
    told = [(turn["unit"], turn["epoch"], turn["event"]) for turn in turns(lines)]
    assert told == [(1, 3, "died"), (1, 4, "came back"), (2, 4, "died")], "from 1; waking up is no return"


def test_the_map_has_the_figures_with_the_strongest_unit_on_top() -> None:
    found = unit_map([line(0, [True] * 3, [1, 2, 3]), line(4, [True] * 3, [5, 7, 6])], "z1", "kl")
    assert found is not None
    assert found.units == [2, 3, 1] and found.epochs == [1, 5]
    assert found.values == [[2, 7], [3, 6], [1, 5]]


def test_no_kl_no_map() -> None:
    assert unit_map([line(0, [True])], "z1", "kl") is None
    assert unit_map([line(0, [True])], "z1", "variance") is not None
    assert unit_map([], "z1", "kl") is None


def test_a_large_map_is_cut_and_keeps_the_last_epoch() -> None:
    n = MOST_UNITS + 50
    found = unit_map([line(e, [True] * n, [float(u) for u in range(n)]) for e in range(500)], "z1", "kl")
    assert found is not None
    assert len(found.units) == MOST_UNITS and found.of == n and found.units[0] == n
    assert len(found.epochs) <= MOST_EPOCHS and found.epochs[-1] == 500


def test_strange_lines_do_no_harm() -> None:
    lines: list[dict[str, Any]] = [{"epoch": 0}, {"epoch": 1, "layers": None}, {"layers": [3, {"layer": "z10"}]}]
    assert layer_names([*lines, line(2, [True])]) == ["z1", "z10"]
    assert turns(lines) == [] and unit_map(lines, "z10", "kl") is None
