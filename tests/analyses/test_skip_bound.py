import json
from pathlib import Path

import pytest
import torch

from tests.analyses.subject import subject
from vaelab.analyses.skip_bound import SkipBound
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.seeding import noise_key, seed_noise


@pytest.mark.parametrize("encoder", ["bottom_up", "residual"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_nats_of_the_layers_lead_from_the_elbo_to_the_prior(depth: int, encoder: str, tmp_path: Path) -> None:
    given = subject(tmp_path, [4, 3, 2][:depth], encoder=encoder)
    told = SkipBound(images=30, samples=4, most=9)(given)
    assert json.loads(json.dumps(told)) == told
    assert [bound["k"] for bound in told["bounds"]] == list(range(depth + 1))
    assert told["bounds"][0]["from_q"] == ["z1", "z2", "z3"][:depth] and told["bounds"][-1]["from_q"] == []
    assert [layer["layer"] for layer in told["layers"]] == ["z1", "z2", "z3"][:depth]
    first, last = told["bounds"][0]["elbo"], told["bounds"][-1]["elbo"]
    assert sum(layer["nats"]["value"] for layer in told["layers"]) == pytest.approx(first["value"] - last["value"])
    assert told["loose"] == (encoder == "bottom_up" and depth > 1)
    assert (told["n"], told["samples"]) == (30, 4)
    # k = 0 is what `vaelab evaluate` calls the ELBO, here with the same noise
    x = given.images(30, "skip_bound")
    seed_noise(noise_key(0, "skip_bound"))
    assert first["value"] == pytest.approx(evaluate_split(given.run.module.hierarchy, [x], 4, 500).elbo.mean().item())


def test_errors_are_those_of_differences_between_images_in_pairs(tmp_path: Path) -> None:
    """A q that is p in every layer: all bounds are equal, though each of them varies from image to image."""
    given = subject(tmp_path, [4, 3], encoder="residual", decoder="residual")
    with torch.no_grad():
        for parameter in given.run.module.hierarchy.encoder.parameters():
            parameter.zero_()
    told = SkipBound(images=30, samples=4, most=9)(given)
    for bound, layer in zip(told["bounds"], told["layers"], strict=False):
        assert bound["elbo"]["stderr"] > 0.1
        assert layer["nats"] == {"value": pytest.approx(0, abs=1e-4), "stderr": pytest.approx(0, abs=1e-4)}


@pytest.mark.parametrize(("most", "ks"), [(1, [0, 12]), (2, [0, 12]), (4, [0, 4, 8, 12]), (99, list(range(13)))])
def test_of_many_layers_some_are_told(most: int, ks: list[int], tmp_path: Path) -> None:
    told = SkipBound(images=5, samples=1, most=most)(subject(tmp_path, [2] * 12, decoder="residual"))
    assert [bound["k"] for bound in told["bounds"]] == ks
    assert len(told["layers"]) == len(ks) - 1
    if most == 4:
        assert [layer["layer"] for layer in told["layers"]] == ["z1…z4", "z5…z8", "z9…z12"]
        assert told["bounds"][1]["from_q"] == [f"z{l}" for l in range(5, 13)]
