import json
from pathlib import Path

import pytest
import torch

from tests.analyses.subject import subject
from tests.diagnostics.test_refine import FLOW
from vaelab.analyses.lagging import Lagging

TEST = Lagging(split="train", images=10, steps=60, lr=0.1, draws=4, samples=20)


@pytest.mark.parametrize("encoder", ["bottom_up", "residual"])
def test_the_layers_add_up_to_the_kl(encoder: str, tmp_path: Path) -> None:
    told = TEST(subject(tmp_path, [4, 3], encoder=encoder))
    assert json.loads(json.dumps(told)) == told
    assert (told["split"], told["n"], told["steps"]) == ("train", 10, 60)
    assert told["elbo_refined"]["value"] > told["elbo"]["value"]
    if encoder == "bottom_up":
        assert told["layers"] == []  # its terms are no KLs
    else:
        assert [layer["layer"] for layer in told["layers"]] == ["z1", "z2"]
        for name in ("kl", "kl_refined"):
            assert sum(layer[name]["value"] for layer in told["layers"]) == pytest.approx(told[name]["value"], abs=1e-5)


def blind(folder: Path, reads_z: float) -> dict:
    """What it tells of a model whose encoder sees nothing, and whose decoder reads z so much."""
    given = subject(folder, [3], encoder="bottom_up")
    with torch.no_grad():
        for parameter in given.run.module.hierarchy.encoder.parameters():
            parameter.zero_()
        for parameter in given.run.module.hierarchy.decoder.parameters():
            parameter.mul_(reads_z)
    return TEST(given)


def test_the_kl_returns_where_the_encoder_lags_and_not_where_the_decoder_ignores_z(tmp_path: Path) -> None:
    """q = N(0, I) either way, and a KL of 0; only a decoder that reads z has a posterior away from it."""
    lagging, ignoring = blind(tmp_path, 3.0), blind(tmp_path, 0.0)
    assert lagging["kl"]["value"] == ignoring["kl"]["value"] == 0
    assert lagging["kl_refined"]["value"] > 1 > 0.01 > ignoring["kl_refined"]["value"]


def test_a_flow_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert TEST.refusal(subject(tmp_path, [3]).run) is None
    assert "is not refined" in str(TEST.refusal(subject(tmp_path, [2], encoder="bottom_up", posterior=FLOW).run))
