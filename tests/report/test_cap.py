"""What n images cannot tell is said, and not shown as nothing."""

import math
from typing import Any

import pytest
import torch

from vaelab.diagnostics.surgery import Form, Surgery
from vaelab.report.cap import Cap, near
from vaelab.report.figures.ladder import ladder
from vaelab.report.figures.parts import parts

N = 500
CUT: dict[str, Any] = {
    "n": N, "cap": math.log(N), "form": "top_down", "kl": {"value": 26.2, "stderr": 0.1},
    "layers": [
        {"layer": "z1", "information": {"value": 0.02, "stderr": 0.01}, "saturated": True},
        {"layer": "z2", "information": {"value": 3.2, "stderr": 0.1}, "saturated": True},
        {"layer": "z3", "information": {"value": 2.9, "stderr": 0.1}, "saturated": False},
    ],
    "parts": [
        {"name": name, "value": value, "stderr": 0.1}
        for name, value in (("information/z1", 0.02), ("information/z2", 3.2), ("information/z3", 2.9),
                            ("marginal_kl/z1", 20.08))
    ],
    "ladder": [{"layer": "z1", "value": 6.12, "stderr": 0.1, "saturated": True},
               {"layer": "z3", "value": 2.9, "stderr": 0.1, "saturated": False}],
    "monotone": True,
}  # fmt: skip


@pytest.mark.parametrize("form", ["top_down", "bottom_up"])
@pytest.mark.parametrize("nats", [[0.02, 6.2], [3.3, 0.0, 2.9], [6.2, 4.1, 2.4], [1.0, 2.0], [6.0, 6.0, 6.0], [0.5]])
def test_the_layers_are_those_that_the_surgery_calls_saturated(form: Form, nats: list[float]) -> None:
    truth = Surgery(form, torch.tensor(nats).expand(N, -1), torch.zeros(N, len(nats))).saturated
    names = [f"z{i}" for i in range(1, len(nats) + 1)]
    found = Cap.at(float(N), dict(zip(names, nats, strict=True)), form == "bottom_up")
    assert set(found.reach) == {name for name, full in zip(names, truth, strict=True) if full}
    listed = [{"layer": name, "saturated": full} for name, full in zip(names, truth, strict=True)]
    assert Cap.of({"cap": math.log(N), "form": form, "layers": listed}) == found


def test_below_a_layer_at_the_cap_nothing_can_be_told() -> None:
    cap = Cap.of(CUT)
    assert dict(cap.reach) == {"z1": "hidden", "z2": "least"}
    assert cap.cell("z1", (0.02, 0.01)) == "cannot be told (z2 is at log n = 6.21)"
    assert cap.cell("z2", (3.2, 0.1)) == "≥ 3.20\u00a0±\u00a00.10 (log n = 6.21)"
    assert cap.cell("z3", (2.9, 0.1)) == "2.90\u00a0±\u00a00.10"
    assert Cap.of({"layers": 3}).words is None and Cap.at(None, {"z1": 9.0}, False).reach == {}


def test_in_a_chain_each_layer_stands_for_itself() -> None:
    assert Cap.at(float(N), {"z1": 6.2, "z2": 6.2}, True).reach == {"z1": "least", "z2": "least"}


def test_bars_that_are_cut_are_grey_and_hatched_and_said_to_be() -> None:
    drawn, rungs = parts(CUT), ladder(CUT)
    assert drawn is not None and rungs is not None
    bars = drawn.figure.data[0]
    hatched = dict(zip(bars.y, bars.marker.pattern.shape, strict=True))
    assert hatched == {"z1 information": "/", "z2 information": "/", "z3 information": "", "z1 marginal KL": ""}
    assert len(set(bars.marker.color)) == 2 and "of z1 nothing can be told" in drawn.words
    assert list(rungs.figure.data[0].marker.pattern.shape) == ["/", ""]
    assert "≥ 6.12 nats about x" in rungs.words and "z3 has 2.90" in rungs.words
    clear = {**CUT, "layers": [], "ladder": CUT["ladder"][1:]}
    assert parts(clear).figure.data[0].marker.pattern.shape is None  # type: ignore[union-attr]


def test_near_is_within_a_nat() -> None:
    assert near(5.3, math.log(N)) and not near(5.1, math.log(N)) and not near(99.0, math.inf)
