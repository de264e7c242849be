from typing import Any

import pytest

from tests.config.example import config, refused
from vaelab.config.check import check

THREE = {"model.z_dims": [6, 4, 2]}


def layered(changes: dict[str, Any], *overrides: str) -> dict[str, Any]:
    """A config of one layer, which every rule here lets pass, changed afterwards."""
    return config(changes, "model.z_dims=[4]", *overrides)


def bottom_up(changes: dict[str, Any], *overrides: str) -> dict[str, Any]:
    return layered(changes, "encoder=bottom_up", *overrides)


def test_a_vampprior_needs_a_posterior_of_the_top_that_hangs_on_x_alone() -> None:
    choices = {"prior": "vampprior", "encoder": "bottom_up"}
    text = str(refused(bottom_up(THREE, "prior=vampprior"), choices=choices))
    assert text.startswith("prior=vampprior is made of q(z3 | x), which encoder=bottom_up has only through draws")
    check(bottom_up({"model.z_dims": [4]}, "prior=vampprior"))
    check(bottom_up(THREE, "prior=mixture"))
    check(layered(THREE, "prior=vampprior"))


@pytest.mark.parametrize("posterior", ["full_covariance", "low_rank", "flow"])
@pytest.mark.parametrize("merge", ["precision_weighted", "residual"])
def test_merges_of_diagonals_meet_no_other_family_below_the_top(posterior: str, merge: str) -> None:
    overrides = f"posterior={posterior}", f"encoder/merge={merge}"
    choices = {"posterior": posterior, "encoder/merge": merge}
    text = str(refused(layered(THREE, *overrides), choices=choices))
    assert text.startswith(
        f"encoder/merge={merge} joins diagonal Gaussians, but posterior={posterior} is used on z1, z2."
    )
    assert text.endswith("or posterior.layers=[3] to have it on the top layer alone.")
    assert "is used on z2." in str(refused(layered({**THREE, "posterior.layers": [2, 3]}, *overrides)))
    check(layered({**THREE, "posterior.layers": [3]}, *overrides))
    check(layered({"model.z_dims": [4]}, *overrides))
    check(layered(THREE, f"posterior={posterior}", "encoder/merge=concatenate"))
    check(bottom_up(THREE, f"posterior={posterior}"))
    check(layered(THREE, "posterior=diagonal", f"encoder/merge={merge}"))


def test_the_layers_of_a_posterior_are_layers_of_the_model() -> None:
    overrides = "posterior=flow", "encoder/merge=concatenate"
    text = str(refused(layered({**THREE, "posterior.layers": [1, 4]}, *overrides)))
    assert text.startswith("posterior.layers=[1, 4]: the model has layers 1 to 3")
    check(layered({**THREE, "posterior.layers": [1, 3]}, *overrides))
    assert "posterior.layers" in str(refused(layered({**THREE, "posterior.layers": [0]}, *overrides)))


def test_layers_of_stages_are_counted_too() -> None:
    deep = ("model=deep", "encoder=deep", "decoder=deep")
    text = str(refused(config({"posterior.layers": [8]}, *deep, "posterior=full_covariance")))
    assert text == "posterior.layers=[8]: the model has layers 1 to 7 (by model.stages)"
    vae = {"model.module._target_": "vaelab.training.modules.VAE"}
    assert "use model=hvae for 7 layers of stages" in str(refused(config(vae, *deep)))


def test_rules_stand_broken_configs() -> None:
    for broken in (None, 3, "x", [1], {"_target_": 3}):
        refused(config(dict.fromkeys(("model", "prior", "encoder", "posterior"), broken)))
