"""When units died and came back, against a table written by hand; and without torch."""

import subprocess
import sys
from typing import Any

from vaelab.diagnostics.units_over_time import epochs, events, layers, matrix


def line(epoch: int, z1: str, z2: str) -> dict[str, Any]:
    """A letter a unit: x is active."""
    return {
        "step": 10 * epoch,
        "epoch": epoch,
        "layers": [
            {
                "layer": name,
                "kl": None if name == "z1" else [epoch + 0.5 * (unit == "x") for unit in units],
                "variance": [0.3 if unit == "x" else 0.001 for unit in units],
                "active": [unit == "x" for unit in units],
            }
            for name, units in (("z1", z1), ("z2", z2))
        ],
    }


LINES = [line(0, "x..", "x."), line(2, "xx.", ".."), line(4, ".x.", "x."), line(6, "xx.", "..")]


def test_events_are_told_in_the_order_of_time() -> None:
    found = [(e["epoch"], e["layer"], e["unit"], e["event"]) for e in events(LINES)]
    assert found == [
        (2, "z1", 1, "woke"),
        (2, "z2", 0, "died"),
        (4, "z1", 0, "died"),
        (4, "z2", 0, "came back"),
        (6, "z1", 0, "came back"),
        (6, "z2", 0, "died"),
    ]
    assert events([]) == events(LINES[:1]) == []


def test_matrices_have_a_row_for_each_unit_and_a_column_for_each_validation() -> None:
    assert layers(LINES) == ["z1", "z2"] and epochs(LINES) == [0, 2, 4, 6]
    assert matrix(LINES, "z2", "kl") == [[0.5, 2.0, 4.5, 6.0], [0.0, 2.0, 4.0, 6.0]]
    assert matrix(LINES, "z1", "kl") is None, "log-ratios are no KLs"
    assert matrix(LINES, "z1", "active") == [[1, 1, 0, 1], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert matrix(LINES, "z3", "kl") is None and layers([]) == []


def test_it_needs_no_torch() -> None:
    program = (
        "import sys, vaelab.diagnostics.units_over_time, vaelab.diagnostics.collapse; print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"
