"""vaelab quality: the report of a run folder, its figures named after the network that saw them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from vaelab.cli import DOORS
from vaelab.completion import SCRIPT
from vaelab.config.paths import CONF

TRAIN = ["train", "data=digits", "trainer.max_epochs=1", "trainer.limit_train_batches=3", "model.z_dims=[4,2]"]
QUIET = ["logger=[]", "evaluation.iw_samples=2", "~callbacks.pictures", "hydra.run.dir=run"]
QUALITY = ["quality", "run=run", "features.steps=20", "kid_subsets=5"]


@pytest.fixture
def folder(vaelab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAELAB_CACHE", str(tmp_path / "cache"))
    code, _, err = vaelab(*TRAIN, *QUIET)
    assert code == 0, err
    return tmp_path / "run"


def report(folder: Path, split: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"quality{split}.json").read_text())
    return found


def test_the_report_says_what_was_compared_and_is_the_same_again(folder: Path, vaelab: Run) -> None:
    code, out, err = vaelab(*QUALITY)
    assert code == 0, err
    first = report(folder)
    n = first["n_real"]
    assert n == first["n_fake"] == 179, "all of the test split"
    assert "below 2048 images" in out and "fid_classifier_digits" in out and "179 real images: grey" in out
    assert (first["show"], first["real_images"], first["temperature"], first["seed"]) == ("mean", "grey", 1.0, 0)
    assert first["features"]["name"] == "classifier_digits" and 0.1 < first["features"]["test_accuracy"] <= 1
    assert first["fid_classifier_digits"]["value"] > 0 and first["fid_classifier_digits"]["n_fake"] == n
    assert first["kid_classifier_digits"]["subset_size"] == n // 2 and first["kid_classifier_digits"]["std"] > 0
    for name in ("precision_classifier_digits", "recall_classifier_digits"):
        assert 0 <= first[name]["value"] <= 1 and first[name]["neighbours"] == 3
    assert first["ssim"]["scales"] == 1 and first["ssim"]["window"] == 7 and "ms_ssim" not in first
    assert first["psnr"]["stderr"] > 0
    code, _, _ = vaelab(*QUALITY)
    assert code == 0 and report(folder) == first

    code, out, err = vaelab(*QUALITY, "split=val", "show=draw", "images=50", "temperature=[0.5,1]")
    assert code == 0, err
    assert report(folder) == first, "another split has its own file"
    val = report(folder, "_val")
    assert (val["n_real"], val["n_fake"], val["real_images"]) == (50, 50, "binarised")
    assert "50 samples: draws from p(x | z), temperature [0.5, 1]" in out


def test_more_samples_than_images_may_be_asked_for(folder: Path, vaelab: Run) -> None:
    code, _, err = vaelab(*QUALITY, "images=200")
    assert code == 0, err
    assert (report(folder)["n_real"], report(folder)["n_fake"]) == (179, 200)


def test_bad_input_is_told_in_one_line(folder: Path, vaelab: Run, tmp_path: Path) -> None:
    cases = [
        (["images=3"], 2, ["images=3", "4 or more", "179"]),
        (["neighbours=200"], 2, ["neighbours=200", "201 or more"]),
        (["temperature=[1,1,1]"], 2, ["this model has 2 layers"]),
        (["temperature=-1"], 2, ["temperature"]),
        (["show=median"], 2, ["show", "mean, draw"]),
        (["features=inceptoin"], 2, ["features=inceptoin", "inception"]),
        (["features.width=0"], 2, ["features.width", "1 or above"]),
        (["run=nowhere"], 5, ["run=nowhere does not exist"]),
    ]
    for overrides, exit_code, words in cases:
        code, _, err = vaelab(*QUALITY, *overrides)
        assert code == exit_code, (overrides, err)
        assert all(word in err for word in words), err
        assert len(err.strip().splitlines()) == 1
    for overrides, word in (([], "inception-2015-12-05.pt"), (["features.path=nope.pt"], "nope.pt")):
        code, _, err = vaelab("quality", "run=run", "features=inception", *overrides)
        assert code == 4 and word in err and len(err.strip().splitlines()) == 1
    assert not (folder / "quality.json").exists()


def test_every_command_is_completed_by_tab() -> None:
    words = re.search(r'doors="([^"]*)"', SCRIPT)
    assert words is not None and {*DOORS, "completion"} <= set(words[1].split())
    configured = [door for door in DOORS if (CONF / f"{door}.yaml").is_file()]
    assert "|".join(configured) + ")" in SCRIPT, "and its settings"
