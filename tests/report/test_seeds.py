"""Means over seeds."""

import json
import math
from pathlib import Path

import pytest

from tests.report import folders
from vaelab.report.record import Record
from vaelab.report.sections.seeds import seeds
from vaelab.report.seeds import OverSeeds, over_seeds
from vaelab.report.sweep import rows
from vaelab.report.words import with_error
from vaelab.report.write import runs_of


def test_the_error_of_a_mean_is_that_of_the_textbook() -> None:
    runs = [({"seed": i, "β": 1.0}, {"elbo": (v, 0.3)}) for i, v in enumerate([1.0, 2.0, 6.0])]
    runs += [({"seed": 0, "β": 4.0}, {"elbo": (5.0, 0.3), "kl": (1.0, 0.1)})]
    three, one = over_seeds(runs)
    assert three == OverSeeds({"β": 1.0}, 3, {"elbo": (3.0, pytest.approx(math.sqrt(7 / 3)))})
    assert one.n == 1 and one.figures["kl"][0] == 1.0 and math.isnan(one.figures["elbo"][1])


def test_without_several_seeds_there_is_nothing_to_tell() -> None:
    assert over_seeds([({"β": 1.0}, {"elbo": (1.0, 0.1)}), ({"β": 2.0}, {"elbo": (2.0, 0.1)})]) == []


def test_the_page_of_a_sweep_has_a_line_for_each_choice(tmp_path: Path) -> None:
    for i, (beta, seed) in enumerate([(1.0, 0), (1.0, 1), (4.0, 0), (4.0, 1)]):
        typed = ["objective=beta", "objective/schedule=constant", f"objective.schedule.value={beta}", f"seed={seed}"]
        folders.run(tmp_path / str(i), *typed, epochs=3, elbo=-100.0 - seed - beta)
    section = seeds(rows(tmp_path, [Record(run) for run in runs_of(tmp_path)]))
    assert section is not None
    page = str(section.body)
    read = [json.loads((tmp_path / str(i) / "evaluation.json").read_text())["elbo"]["value"] for i in range(2)]
    mean = with_error((sum(read) / 2, abs(read[0] - read[1]) / 2))
    assert page.count("<tr>") == 3 and f"<td>2</td><td>{mean}</td>".replace("\u00a0", "\\xa0") in page
