"""Hand-made diagnoses whose cause is known, and what the verdict says of them."""

from typing import Any

import pytest

from vaelab.diagnostics.verdict import verdict


def told(value: float, stderr: float = 0.01) -> dict[str, float]:
    return {"value": value, "stderr": stderr}


def diagnosis(active: list[int], nats: list[float], **parts: Any) -> dict[str, Any]:
    """Layers of 10 units, of which so many are active and which carry so much."""
    units = [{"layer": f"z{i}", "units": 10, "active_units": n} for i, n in enumerate(active, start=1)]
    cut = [{"layer": f"z{i}", "information": told(v), "saturated": False} for i, v in enumerate(nats, start=1)]
    model = {"kl_weight": 1.0, "kl_weight_at_start": 0.0, "autoregressive": False}
    return {
        "units": {"layers": units},
        "surgery": {"layers": cut, "form": "top_down"},
        **parts,
        "model": {**model, **parts.get("model", {})},
    }


DEAD = ([0], [0.0])


def test_an_alive_model_has_no_cause() -> None:
    found = verdict(diagnosis([8, 5], [9.0, 4.0], model={"kl_weight": 4.0, "autoregressive": True}))
    assert [layer["state"] for layer in found["layers"]] == ["alive", "alive"]
    assert found["causes"] == [] and "No layer has collapsed: 13 of 20 units" in found["words"]


def test_collapsed_needs_both_figures() -> None:
    states = {
        (0, 0.0): "collapsed",
        (0, 5.0): "fading",  # says something, though no unit's mean moves: a flow, or means that cancel
        (1, 0.0): "fading",
        (1, 5.0): "alive",
    }
    for (active, nats), state in states.items():
        assert verdict(diagnosis([active], [nats]))["layers"][0]["state"] == state


def test_a_noisy_estimate_is_no_evidence() -> None:
    found = diagnosis([0], [2.0])
    found["surgery"]["layers"][0]["information"] = told(2.0, 0.9)
    assert verdict(found)["layers"][0]["state"] == "fading"


def test_what_counts_as_nothing_is_the_runs_own_setting() -> None:
    assert verdict(diagnosis([0], [0.5], model={"nothing": 0.1}))["layers"][0]["state"] == "collapsed"


def test_a_sigma_that_is_learned_is_no_cause() -> None:
    spectrum = {**SPECTRUM, "sigma2": 5.0, "above": 0, "learned": True}
    assert verdict(diagnosis(*DEAD, spectrum=spectrum))["causes"] == []


def test_a_layer_under_one_that_tells_all_is_judged_by_its_units() -> None:
    """Its information cannot be seen there, and is near 0 whatever it does."""
    found = diagnosis([7, 9], [0.0, 6.9])
    for layer in found["surgery"]["layers"]:
        layer["saturated"] = True
    for layer in found["units"]["layers"]:
        layer["kl"] = told(9.0)
    assert [layer["state"] for layer in verdict(found)["layers"]] == ["alive", "alive"]


def test_top_down_a_unit_that_only_follows_the_layers_above_is_no_sign_of_life() -> None:
    """q(z_1 | z_2, x) = p(z_1 | z_2): z_1 moves with z_2, hence with x, and adds nothing."""
    found = diagnosis([9, 9], [0.0, 5.0])
    found["units"]["layers"][0]["kl"], found["units"]["layers"][1]["kl"] = told(0.001), told(5.0)
    assert [layer["state"] for layer in verdict(found)["layers"]] == ["collapsed", "alive"]
    del found["surgery"]
    assert [layer["state"] for layer in verdict(found)["layers"]] == ["collapsed", "alive"], "its KL tells too"


def test_without_the_surgery_the_units_decide() -> None:
    found = diagnosis([0], [0.0])
    del found["surgery"]
    assert verdict(found)["layers"][0] == {
        "layer": "z1", "units": 10, "active_units": 0, "state": "collapsed", "information": None
    }  # fmt: skip


SPECTRUM = {"sigma2": 0.1, "eigenvalues": [3.0, 1.0, 0.05], "above": 2, "units": 10}
LAGGING = {"kl": told(0.1), "kl_refined": told(6.0), "gain": told(5.0)}
REFINED_IN_VAIN = {"kl": told(0.1), "kl_refined": told(0.12), "gain": told(0.0)}


@pytest.mark.parametrize(
    ("parts", "cause", "override"),
    [
        ({"spectrum": {**SPECTRUM, "sigma2": 5.0, "above": 0}}, "noise", "likelihood.variance=0.3"),
        ({"model": {"kl_weight": 8.0}}, "kl weight", "objective=elbo"),
        ({"model": {"kl_weight": 40.0}, "spectrum": SPECTRUM}, "kl weight", "objective=elbo"),
        ({"lagging": LAGGING}, "lagging inference", "callbacks=aggressive"),
        ({"model": {"autoregressive": True}, "lagging": REFINED_IN_VAIN}, "strong decoder", "likelihood.kernel=3"),
        ({"model": {"kl_weight_at_start": 1.0}}, "no warm-up", "objective.schedule.warmup_steps"),
        ({"step": 12, "model": {"kl_weight_at_start": 1.0}}, "too early", "trainer.max_epochs"),
        # a Gaussian whose noise covers the data leaves nothing to the other causes
        ({"spectrum": {**SPECTRUM, "sigma2": 5.0, "above": 0}, "lagging": LAGGING}, "noise", "likelihood.variance"),
        # z is used by the decoder, so its strength is not what killed it
        ({"model": {"autoregressive": True}, "lagging": LAGGING}, "lagging inference", "callbacks=aggressive"),
    ],
)
def test_the_likeliest_cause(parts: dict[str, Any], cause: str, override: str) -> None:
    found = verdict(diagnosis(*DEAD, **parts))
    assert found["causes"][0]["cause"] == cause
    assert override in found["causes"][0]["try"] and override in found["words"]
    assert [c["score"] for c in found["causes"]] == sorted((c["score"] for c in found["causes"]), reverse=True)


def test_an_upper_layer_with_nothing_left_to_say() -> None:
    found = verdict(diagnosis([9, 0], [12.0, 0.0]))
    assert found["causes"][0]["cause"] == "other layers suffice"
    assert found["words"].startswith("z2 has collapsed: no unit is active")
    assert "z1 carries" in found["causes"][0]["evidence"] and "a smaller z1" in found["causes"][0]["try"]


def test_a_layer_that_only_follows_says_so() -> None:
    found = diagnosis([9, 9], [0.0, 5.0])
    found["units"]["layers"][0]["kl"], found["units"]["layers"][1]["kl"] = told(0.001), told(5.0)
    verdict_of = verdict(found)
    assert "z1 has collapsed: the units follow the layers above" in verdict_of["words"]
    assert "objective=kl_balancing" in verdict_of["causes"][0]["try"]


def test_a_layer_that_fades_is_told_with_its_cause() -> None:
    found = verdict(diagnosis([1], [0.0], model={"kl_weight": 8.0}))
    assert "z1 is fading" in found["words"] and found["causes"][0]["cause"] == "kl weight"


def test_parts_that_were_left_out_count_for_nothing() -> None:
    skipped = {"skipped": "not for this model"}
    found = verdict(diagnosis(*DEAD, spectrum=skipped, lagging=skipped, skip_bound=skipped))
    assert found["causes"] == [] and "No cause was found" in found["words"]


def test_many_layers_are_counted() -> None:
    found = verdict(diagnosis([9] + [0] * 30, [12.0] + [0.0] * 30))
    assert "30 layers from z2 to z31 have collapsed" in found["words"]
