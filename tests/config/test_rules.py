from pathlib import Path
from typing import Any

import pytest

from tests.config.example import config, package, refused
from vaelab import compose
from vaelab.config.check import check
from vaelab.config.rules import broken_rules
from vaelab.errors import ConfigError

ONE_LAYER = {"z_dims": [4]}
TWO, ONE = {"model.z_dims": [4, 2]}, {"model.z_dims": [4]}
FREE_BITS = ("objective=free_bits", "encoder=top_down")


def bottom_up(changes: dict[str, Any]) -> dict[str, Any]:
    cfg = config(changes, *FREE_BITS)
    net = cfg["encoder"]["net"]
    cfg["encoder"] = config({}, "encoder=bottom_up")["encoder"] | {"net": net}
    return cfg


def test_a_vae_has_one_layer() -> None:
    cfg = config(TWO, "model=vae")
    expected = "has one latent layer; use model=hvae for z_dims=[4, 2]"
    assert str(refused(cfg)) == f"model=VAE {expected}"
    assert str(refused(cfg, choices={"model": "vae"})) == f"model=vae {expected}"
    check(config(ONE, "model=vae"))
    check(config(ONE, "model=hvae"))


def test_free_bits_need_a_kl_in_every_layer() -> None:
    text = str(refused(bottom_up(TWO), choices={"objective": "free_bits", "encoder": "bottom_up"}))
    assert "objective=free_bits" in text and "encoder=bottom_up" in text and "log-ratios" in text
    assert text.endswith("Use encoder=top_down, or objective=elbo.")
    check(bottom_up(ONE))
    check(config(TWO, *FREE_BITS))


def test_balanced_kls_need_one_in_every_layer_too() -> None:
    cfg = bottom_up(TWO)
    cfg["objective"] = config({}, "objective=kl_balancing", "encoder=top_down")["objective"]
    text = str(refused(cfg, choices={"objective": "kl_balancing", "encoder": "bottom_up"}))
    assert text.startswith("objective=kl_balancing weighs the KL of every layer") and "log-ratios" in text
    check(config(TWO, "objective=kl_balancing", "encoder=top_down"))


ONE_GAUSSIAN = [
    ("objective=dreg", "objective=Dreg", "objective=elbo"),
    ("objective=tcvae", "objective=TcVae", "objective=elbo"),
    ("callbacks=aggressive", "callbacks.aggressive", "callbacks=default"),
]


@pytest.mark.parametrize(("choice", "piece", "otherwise"), ONE_GAUSSIAN)
def test_pieces_of_one_layer_are_refused_for_several(choice: str, piece: str, otherwise: str) -> None:
    hvae = {"model.module._target_": "vaelab.training.modules.HVAE"}
    text = str(refused(config({**TWO, **hvae}, choice, "model=vae")))
    assert text.startswith(f"{piece} is for one latent layer")
    assert text.endswith(f"Use model=vae, or {otherwise}.")
    check(config({**ONE, **hvae}, choice, "model=vae"))
    check(config({}, choice, "model=vae"))


@pytest.mark.parametrize(("blocks", "several"), [([1], False), ([2], True), ([1, 1], True)])
def test_blocks_of_stages_are_layers(blocks: list[int], several: bool) -> None:
    cfg = config({}, "model=deep", "encoder=deep", "decoder=deep")
    cfg["objective"] = config({}, "model=vae", "objective=dreg")["objective"]
    stage = cfg["model"]["stages"][0]
    cfg["model"]["stages"] = [{**stage, "blocks": count} for count in blocks]
    told = [text for text in broken_rules(cfg, {}) if "one latent layer" in text]
    assert bool(told) is several


@pytest.mark.parametrize(("choice", "piece", "otherwise"), ONE_GAUSSIAN)
def test_pieces_of_a_diagonal_gaussian_are_refused_for_others(choice: str, piece: str, otherwise: str) -> None:
    cfg = config({}, choice, "model=vae")
    cfg["posterior"] = config({}, "model=vae", "posterior=full_covariance")["posterior"]
    text = str(refused(cfg))
    assert text.startswith(f"{piece} needs a diagonal Gaussian") and text.endswith(f"or {otherwise}.")


def test_a_room_may_hand_a_class_on_without_hiding_it_from_a_rule() -> None:
    cfg = bottom_up(TWO)
    cfg["encoder"]["_target_"], cfg["objective"]["_target_"] = (
        "vaelab.encoder.BottomUp",
        "vaelab.objective.FreeBits",
    )
    assert "log-ratios" in str(refused(cfg))


@pytest.mark.parametrize("transform", ["auto", "dynamic_binarisation", "scaling"])
def test_units_of_data_and_likelihood_meet(tmp_path: Path, transform: str) -> None:
    root = package(
        tmp_path,
        data__bytes="class Bytes:\n    holds = 'bytes'\n    def __init__(self, *, transform: str): ...",
        data__unsaid="class Unsaid:\n    def __init__(self, *, transform: str): ...",
        likelihood__one="class Binary:\n    takes = ('binary',)",
    )
    likelihood = {"_target_": "vaelab.likelihood.one.Binary"}
    told = {"_target_": "vaelab.data.bytes.Bytes", "transform": transform}
    unsaid = {"_target_": "vaelab.data.unsaid.Unsaid", "transform": transform}

    def told_of(data: dict[str, str]) -> list[str]:
        cfg = {"model": ONE_LAYER, "data": data, "likelihood": likelihood}
        return list(broken_rules(cfg, {"data": "mine"}, root))

    assert told_of(unsaid) == []
    if transform == "scaling":
        (text,) = told_of(told)
        assert text.startswith("likelihood=Binary takes x in units binary, but data=mine (bytes 0..255)")
    else:
        assert told_of(told) == []


def test_rules_speak_beside_other_faults_and_stand_broken_configs() -> None:
    text = str(refused(config({**TWO, "optimizer.lr": 0}, "model=vae")))
    assert "optimizer.lr" in text and "one latent layer" in text
    for broken in (None, 3, "x", [1], {"_target_": 3}, {"_target_": "vaelab.no.No"}):
        refused(config(dict.fromkeys(("model", "objective", "encoder", "likelihood", "data", "trainer"), broken)))


def test_kl_balancing_wants_a_warm_up() -> None:
    with pytest.raises(ConfigError, match="balances the layers during a warm-up"):
        compose(["objective=kl_balancing", "objective/schedule=constant"])


def test_a_setting_that_an_experiment_gives_to_another_piece_is_told_with_the_way_out() -> None:
    text = str(refused(config({"objective.samples": 5}), choices={"experiment": "iwae_mnist"}))
    assert text.startswith("objective has no setting 'samples'")
    assert text.endswith("If experiment=iwae_mnist sets it, '~objective.samples' takes it away")
    compose(["experiment=iwae_mnist", "objective=elbo", "~objective.samples"])
