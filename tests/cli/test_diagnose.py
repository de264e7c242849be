"""vaelab diagnose: every figure of an alive model reads alive, and of a collapsed one collapsed, with its cause."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.conftest import Run
from vaelab.config.paths import CONF
from vaelab.training.store import load as load_checkpoint
from vaelab.training.store import save

TRAIN = ["train", "data=digits", "logger=[]", "evaluation.iw_samples=2", "~callbacks.pictures", "hydra.run.dir=run"]
QUICK = [
    "analyses.surgery.images=150", "analyses.gap.images=8", "analyses.gap.steps=60", "analyses.gap.iw_samples=100",
    "analyses.lagging.images=8", "analyses.lagging.steps=60", "analyses.lagging.samples=50",
    "analyses.blur.images=20", "analyses.blur.n_train=300", "analyses.skip_bound.samples=4",
]  # fmt: skip


def diagnosis(folder: Path = Path("run"), suffix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"diagnosis{suffix}.json").read_text())
    return found


def close_the_encoder(folder: Path) -> None:
    """The weights of a run whose q is p whatever x is, and whose decoder does not read z."""
    path = folder / "checkpoints" / "best.ckpt"
    state = load_checkpoint(path)
    for name, weight in state["state_dict"].items():
        if name.startswith("hierarchy.encoder.heads") or name == "hierarchy.decoder.out.body.1.weight":
            weight.zero_()
    save(state, path)


def test_an_alive_model_reads_alive_and_once_collapsed_it_reads_so_in_every_figure(vaelab: Run, tmp_path: Path) -> None:
    code, _, err = vaelab(*TRAIN, "model=vae", "model.z_dims=[6]", "trainer.max_epochs=15", "likelihood=gaussian")
    assert code == 0, err
    code, out, err = vaelab("diagnose", "run=run", *QUICK)
    assert code == 0, err
    alive = diagnosis()
    assert alive["verdict"]["layers"][0]["state"] == "alive" and alive["verdict"]["causes"] == []
    assert alive["units"]["layers"][0]["active_units"] >= 3
    cut = alive["surgery"]
    assert cut["mutual_information"]["value"] > 1.5 and cut["cap"] == pytest.approx(5.01, abs=0.01)
    assert sum(p["value"] for p in cut["parts"]) == pytest.approx(cut["kl"]["value"], abs=1e-9)
    assert cut["mutual_information"]["value"] + cut["marginal_kl"]["value"] == pytest.approx(cut["kl"]["value"])
    assert alive["skip_bound"]["layers"][0]["nats"]["value"] > 1
    assert alive["blur"]["perplexity"]["median"] < 150
    assert "No layer has collapsed" in out and (tmp_path / "run/images/blur.png").is_file()
    assert "2 latent units" in alive["posterior_grid"]["skipped"] or "z_dims" in alive["posterior_grid"]["skipped"]

    close_the_encoder(tmp_path / "run")
    code, out, err = vaelab("diagnose", "run=run", *QUICK)
    assert code == 0, err
    dead = diagnosis()
    assert dead["verdict"]["layers"][0]["state"] == "collapsed" and "z1 has collapsed" in out
    assert dead["units"]["layers"][0]["active_units"] == 0
    assert dead["units"]["kl"]["value"] == pytest.approx(0, abs=1e-5)
    assert dead["surgery"]["mutual_information"]["value"] == pytest.approx(0, abs=1e-4)
    assert dead["surgery"]["marginal_kl"]["value"] == pytest.approx(0, abs=1e-4)
    assert dead["skip_bound"]["layers"][0]["nats"]["value"] == pytest.approx(0, abs=1e-3)
    assert dead["gap"]["total"]["value"] == pytest.approx(0, abs=1e-3)
    # q = p is the true posterior of a decoder that reads no z: refining it finds nothing
    assert dead["lagging"]["kl_refined"]["value"] < 0.1
    # every training image is as near as any other: a blend of all of them
    assert dead["blur"]["perplexity"]["median"] == pytest.approx(300, rel=1e-3)


def test_analyses_of_before_stay_and_those_of_other_weights_or_splits_do_not(vaelab: Run) -> None:
    code, _, err = vaelab(*TRAIN, "model.z_dims=[4,2]", "trainer.max_epochs=1", "encoder=bottom_up")
    assert code == 0, err
    assert vaelab("diagnose", "run=run", "analyses=[surgery]", "analyses.surgery.images=60")[0] == 0
    assert vaelab("diagnose", "run=run", "analyses=[units]")[0] == 0
    both = diagnosis()
    assert both["surgery"]["form"] == "bottom_up" and "units" in both and "verdict" in both
    assert [p["name"] for p in both["surgery"]["parts"]] == ["information/z1", "marginal_kl/z1", "marginal_kl/z2"]
    assert vaelab("diagnose", "run=run", "analyses=[units]", "split=val")[0] == 0
    assert "surgery" not in diagnosis(suffix="_val") and diagnosis() == both
    assert vaelab("diagnose", "run=run", "analyses=[units]", "seed=1")[0] == 0
    assert "surgery" not in diagnosis(), "another seed: other draws"


def test_what_would_take_too_long_is_left_out_and_says_what_to_lower(vaelab: Run) -> None:
    code, _, err = vaelab(*TRAIN, "model.z_dims=[4,2]", "trainer.max_epochs=1", "trainer.limit_train_batches=2")
    assert code == 0, err
    code, out, err = vaelab("diagnose", "run=run", "max_minutes=1e-6")
    assert code == 0, err
    assert "surgery         left out: it would take about 1 min" in out and "lower analyses.surgery.images" in out
    found = diagnosis()
    for name in ("units", "surgery", "blur", "skip_bound", "gap", "lagging"):
        assert f"analyses.{name}." in found[name]["skipped"]
    assert "verdict" not in found


def test_what_was_made_before_outlasts_a_lack_of_time(vaelab: Run) -> None:
    code, _, err = vaelab(*TRAIN, "model.z_dims=[4,2]", "trainer.max_epochs=1", "trainer.limit_train_batches=2")
    assert code == 0, err
    assert vaelab("diagnose", "run=run", "analyses=[units,surgery]", "analyses.surgery.images=60")[0] == 0
    before = diagnosis()
    assert vaelab("diagnose", "run=run", "analyses=[units,surgery]", "max_minutes=1e-6")[0] == 0
    assert diagnosis() == before


def test_densities_that_are_no_matrix_product_have_their_price() -> None:
    from functools import partial

    from tests.factory import hierarchy, images
    from vaelab.diagnostics.cost import score_seconds
    from vaelab.posterior.flow import flow

    flows = partial(flow, kind="maf", transforms=2, widths=[32], context=4, layers=None)
    assert score_seconds(hierarchy([3, 2], "bottom_up", posterior=flows), images(40), 100) > 0
    assert score_seconds(hierarchy([3, 2], "bottom_up"), images(40), 100) == 0


def test_bad_input_is_one_line(vaelab: Run) -> None:
    code, _, err = vaelab("diagnose", "run=nowhere")
    assert code == 5 and "nowhere does not exist" in err
    code, _, err = vaelab("diagnose", "run=nowhere", "analyses=[surgrey]")
    assert code == 2 and "surgery" in err
    code, _, err = vaelab("diagnose", "run=nowhere", "analyses.surgery.images=0")
    assert code == 2 and "analyses.surgery.images" in err


def test_every_analysis_is_among_the_defaults() -> None:
    every = {file.stem for file in (CONF / "analyses").glob("*.yaml")}
    for door, key in (("diagnose", "analyses"), ("train", "analyses@diagnosis.analyses")):
        defaults = yaml.safe_load((CONF / f"{door}.yaml").read_text())["defaults"]
        (chosen,) = [entry[key] for entry in defaults if key in entry]
        assert set(chosen) == every


def test_a_collapse_by_noise_is_told_as_such(vaelab: Run) -> None:
    """σ² above every eigenvalue of the data: the optimum is to ignore z (Lucas et al. 2019)."""
    code, _, err = vaelab(
        *TRAIN, "model=vae", "model.z_dims=[3]", "trainer.max_epochs=12", "likelihood=gaussian", "likelihood.variance=9"
    )  # fmt: skip
    assert code == 0, err
    code, out, err = vaelab("diagnose", "run=run", *QUICK)
    assert code == 0, err
    found = diagnosis()
    torch.set_num_threads(1)
    assert found["spectrum"]["sigma2"] == pytest.approx(9) and found["spectrum"]["above"] == 0
    assert found["verdict"]["causes"][0]["cause"] == "noise" and "Likeliest cause: noise" in out
