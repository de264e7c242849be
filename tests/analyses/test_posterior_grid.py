import json
from pathlib import Path

import pytest

from tests.analyses.subject import subject
from tests.diagnostics.test_refine import FLOW
from vaelab.analyses.posterior_grid import PosteriorGrid

TEST = PosteriorGrid(images=5, size=60, iw_samples=2000, shown=3)


@pytest.mark.parametrize("posterior", [None, FLOW])
def test_its_log_px_lies_above_both_bounds_and_their_distance_is_the_kl(posterior: object, tmp_path: Path) -> None:
    given = subject(
        tmp_path, [2], max_rows=2000, encoder="bottom_up", **({"posterior": posterior} if posterior else {})
    )
    told = TEST(given)
    assert json.loads(json.dumps(told)) == told
    assert told["quadrature_error"] < 0.05 and told["q_mass"]["low"] == pytest.approx(1, abs=0.01)
    assert len(told["images"]) == told["n"] == 5
    for image in told["images"]:
        assert image["log_px_grid"] - image["elbo"] == pytest.approx(image["kl_from_q"], abs=0.1)
        # two thousand draws over two units: as good as the integral
        assert image["iw_bound"] == pytest.approx(image["log_px_grid"], abs=0.1)
        assert image["modes"] >= 1 and image["kl_to_q"] >= 0 and image["kl_from_q"] >= 0
    assert sum(image["elbo"] for image in told["images"]) / 5 == pytest.approx(told["elbo"]["value"])
    assert (tmp_path / "posterior_grid.png").exists()


def test_it_is_for_two_units_of_one_layer(tmp_path: Path) -> None:
    assert TEST.refusal(subject(tmp_path, [2]).run) is None
    for z_dims in ([3], [2, 2]):
        assert f"z_dims={z_dims}" in str(TEST.refusal(subject(tmp_path, z_dims).run))
