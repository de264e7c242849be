import json
from pathlib import Path

import pytest

from tests.analyses.subject import subject
from tests.diagnostics.test_refine import FLOW
from vaelab.analyses.gap import Gap
from vaelab.diagnostics.evaluate import evaluate_split

QUICK = {"images": 12, "steps": 20, "lr": 0.1, "draws": 4, "iw_samples": 50}


@pytest.mark.parametrize("encoder", ["bottom_up", "precision_weighted"])
def test_the_parts_add_up_and_the_means_are_those_of_the_images(encoder: str, tmp_path: Path) -> None:
    given = subject(tmp_path, [4, 3], encoder=encoder)
    told = Gap(**QUICK)(given)
    assert json.loads(json.dumps(told)) == told
    assert (told["n"], told["iw_samples"], told["steps"]) == (12, 50, 20) and "word" not in told
    value = {name: told[name]["value"] for name in ("total", "approximation", "amortisation")}
    assert value["total"] == pytest.approx(value["approximation"] + value["amortisation"])
    assert value["amortisation"] > 0  # of an encoder that has learned nothing
    for name, each in told["per_image"].items():
        assert len(each) == 12 and sum(each) / 12 == pytest.approx(told[name]["value"])
    assert value["total"] == pytest.approx(told["iw_bound"]["value"] - told["elbo"]["value"])
    # the ELBO is that of `vaelab evaluate`, but for the draws
    x = given.images(12, "gap")
    elbo = evaluate_split(given.run.module.hierarchy, [x], 500, 10_000).elbo.mean().item()
    assert told["elbo"]["value"] == pytest.approx(elbo, abs=0.5)


def test_the_error_of_a_part_is_that_of_differences_in_pairs(tmp_path: Path) -> None:
    told = Gap(**QUICK)(subject(tmp_path, [4]))
    assert told["amortisation"]["stderr"] < 0.5 * told["elbo"]["stderr"]


def test_it_hangs_on_the_seed_alone(tmp_path: Path) -> None:
    told = [Gap(**QUICK)(subject(tmp_path, [3], max_rows=rows)) for rows in (500, 500)]
    assert told[0] == told[1]


def test_of_a_flow_it_says_why_there_is_only_a_total(tmp_path: Path) -> None:
    told = Gap(**QUICK)(subject(tmp_path, [2], encoder="bottom_up", posterior=FLOW))
    assert json.loads(json.dumps(told)) == told
    assert told["refined"] is told["approximation"] is told["amortisation"] is told["per_image"]["refined"] is None
    assert told["total"]["value"] > 0 and "is not refined" in told["word"] and told["bound_of"] == "encoder"
