from pathlib import Path
from typing import Any, get_args

import pytest

from vaelab.config import types

CASES: list[tuple[Any, list[Any], list[Any]]] = [
    (types.Positive, [1e-9, 3], [0, -1.0]),
    (types.NonNegative, [0, 0.5], [-1e-9]),
    (types.Fraction, [0, 1, 0.3], [-0.1, 1.1]),
    (types.PositiveInt, [1, 99], [0, -1]),
    (types.Count, [0, 5], [-1]),
]


@pytest.mark.parametrize(("alias", "inside", "outside"), CASES)
def test_ranges_hold_their_ends(alias: Any, inside: list[Any], outside: list[Any]) -> None:
    _, limits = get_args(alias)
    assert all(limits.test(v) for v in inside) and not any(limits.test(v) for v in outside)


def test_an_existing_path_is_looked_up_and_its_absence_is_a_fault_of_data(tmp_path: Path) -> None:
    _, limits = get_args(types.ExistingPath)
    assert (
        limits.test(str(tmp_path))
        and limits.test("~")
        and not limits.test(str(tmp_path / "no"))
        and not limits.test("")
    )
    assert limits.code == 4
