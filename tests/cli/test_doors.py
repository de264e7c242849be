"""What the commands on a run folder share: how it is given, what cannot be written, and what is said at the end."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Run
from vaelab.callbacks.checkpoints import Checkpoints
from vaelab.callbacks.interrupt import Interrupt, Interrupted

TRAIN = [
    "train", "data=digits", "trainer=smoke", "logger=[]", "model.z_dims=[4,2]", "evaluation.iw_samples=2",
    "~callbacks.pictures",
]  # fmt: skip
OF_A_RUN = ["evaluate", "quality", "diagnose", "sample"]


@pytest.fixture
def folder(vaelab: Run, tmp_path: Path) -> Path:
    code, _, err = vaelab(*TRAIN, "hydra.run.dir=runs/a")
    assert code == 0, err
    return tmp_path / "runs" / "a"


def one_line(err: str) -> bool:
    return err.startswith("vaelab: ") and len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("where", ["hydra.run.dir=file/x", "hydra.run.dir=file", "hydra.run.dir=/proc/vaelab/x"])
def test_a_run_folder_that_cannot_be_made_is_code_3(vaelab: Run, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    code, _, err = vaelab(*TRAIN, where)
    assert code == 3 and one_line(err) and "cannot be written: " in err and where[14:20] in err


def test_a_sweep_folder_that_cannot_be_made_is_code_3(vaelab: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = vaelab(TRAIN[0], "-m", *TRAIN[1:], "seed=0,1", "hydra.sweep.dir=file/x")
    assert code == 3 and one_line(err) and "file/x cannot be written: " in err


def test_nothing_is_computed_for_a_folder_that_cannot_be_written(
    folder: Path, vaelab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*args: object) -> None:
        raise AssertionError("torch's work has begun")

    monkeypatch.setattr("vaelab.training.load.load", computed)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != Path("runs/a"))
    for door in OF_A_RUN:
        code, _, err = vaelab(door, "run=runs/a")
        assert code == 3 and one_line(err) and "runs/a cannot be written: no permission" in err


def test_a_file_that_cannot_be_written_in_the_end_is_code_3(folder: Path, vaelab: Run) -> None:
    (folder / "evaluation.json").unlink()
    (folder / "evaluation.json").mkdir()
    code, _, err = vaelab("evaluate", "run=runs/a", "iw_samples=2", "max_images=4")
    assert code == 3 and one_line(err) and "evaluation.json cannot be written: Is a directory" in err


@pytest.mark.parametrize("door", OF_A_RUN)
def test_a_folder_that_is_no_run_is_told_in_one_line(door: str, vaelab: Run, tmp_path: Path) -> None:
    code, _, err = vaelab(door, "gone/x")
    assert code == 5 and one_line(err) and "run=gone/x does not exist" in err
    for name in ("0", "1"):
        (tmp_path / "sweep" / name).mkdir(parents=True)
        (tmp_path / "sweep" / name / "config.json").write_text("{}")
    (tmp_path / "sweep" / "multirun.yaml").touch()
    code, _, err = vaelab(door, "sweep")
    assert code == 5 and one_line(err) and "run=sweep is a sweep of 2 runs: name one, such as run=sweep/0" in err
    code, _, err = vaelab(door, "sweep/0", "sweep/1")
    assert code == 2 and one_line(err) and "takes one run folder, not 2" in err


def test_evaluate_takes_a_bare_folder_says_what_it_replaced_and_renews_the_page(folder: Path, vaelab: Run) -> None:
    page = (folder / "report.html").read_text()
    n = json.loads((folder / "evaluation.json").read_text())["n"]
    code, out, err = vaelab("evaluate", "runs/a", "iw_samples=7", "max_images=20")
    assert code == 0, err
    assert f"written to runs/a/evaluation.json (K = 2, n = {n} before)" in out and "runs/a/report.html" in out
    assert "K = 7" in (folder / "report.html").read_text() and "K = 7" not in page
    (folder / "report.html").unlink()
    code, out, err = vaelab("evaluate", "runs/a", "iw_samples=2", "max_images=20")
    assert code == 0 and "(K = 7, n = 20 before)" in out and not (folder / "report.html").exists()


def test_a_page_that_fails_leaves_the_evaluation(folder: Path, vaelab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("vaelab.report.write_report", broken)
    code, out, err = vaelab("evaluate", "runs/a", "iw_samples=7", "max_images=4")
    assert code == 0, err
    assert "report.html stays as it was: no ink" in out
    assert json.loads((folder / "evaluation.json").read_text())["iw_samples"] == 7


def test_weights_from_before_a_collapse(folder: Path, vaelab: Run) -> None:
    for door in OF_A_RUN:
        code, _, err = vaelab(door, "runs/a", "weights=alive")
        assert code == 5 and one_line(err) and "no checkpoint alive.ckpt: at no check" in err
    few = ["iw_samples=2", "max_images=4"]
    for name in ("alive.ckpt", "alive.ckpt.json"):
        shutil.copy(folder / "checkpoints" / name.replace("alive", "last"), folder / "checkpoints" / name)
    figures = {}
    for weights in ("alive", "last"):
        code, out, err = vaelab("evaluate", "runs/a", f"weights={weights}", *few)
        assert code == 0, err
        report = json.loads((folder / f"evaluation_{weights}.json").read_text())
        assert report["weights"] == weights and f"{weights} weights" in out
        figures[weights] = report["elbo"]
    assert figures["alive"] == figures["last"]


def test_help_of_training_says_where_a_run_lies(vaelab: Run) -> None:
    code, out, _ = vaelab("train", "--help")
    assert code == 0 and "threads=" in out and "hydra.run.dir=" in out


def test_help_of_a_command_on_a_run_comes_before_its_folder_is_looked_at(vaelab: Run) -> None:
    code, out, _ = vaelab("sample", "gone/x", "pictures=[traversal]", "--help")
    assert code == 0 and "pictures.traversal.unit: 1 " in out and "pictures.samples" not in out


def test_a_setting_of_another_choice_names_it(vaelab: Run) -> None:
    code, _, err = vaelab("train", "likelihood.variance=2")
    assert code == 2 and one_line(err) and "no likelihood.variance; likelihood=gaussian has it" in err
    for override in ("likelihood.variance=2", "likelihood=gaussian"):
        code, _, err = vaelab("sample", "gone/x", override)
        key = override.partition("=")[0]
        assert code == 2 and err == f"vaelab: {override}: the config has no {key}\n", "nor would any choice have it"
    code, _, err = vaelab("sample", "gone/x", "pictures.traversal.unit=2")
    assert code == 2 and one_line(err) and "pictures=traversal has it" in err


def test_a_sweep_ends_with_what_to_look_at_it_with(vaelab: Run) -> None:
    code, out, err = vaelab(*TRAIN, "seed=0,1", "report=false", "-m", "hydra.sweep.dir=sweeps/x")
    assert code == 0, err
    assert out.strip().splitlines()[-1] == "next: vaelab report sweeps/x" and "2 jobs in sweeps/x: 2 finished" in out
    assert out.count("next: vaelab report sweeps/x") == 1


@pytest.mark.parametrize("saves", [True, False])
def test_a_stopped_run_says_so_in_its_folder(saves: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    monkeypatch.setattr(Checkpoints, "save_last", lambda self, trainer: order.append(list(tmp_path.iterdir())))
    callbacks = [Checkpoints(minutes=5)] if saves else []
    facts = {"checkpoint_callbacks": callbacks, "global_step": 17, "current_epoch": 2, "is_global_zero": True}
    trainer: Any = SimpleNamespace(**facts, default_root_dir=str(tmp_path))
    interrupt = Interrupt()
    interrupt._receive(15, None)
    with pytest.raises(Interrupted) as caught:
        interrupt._leave(trainer)
    assert caught.value.code == 128 + 15
    told = json.loads((tmp_path / "STOPPED.json").read_text())
    assert told == {"signal": "SIGTERM", "step": 17, "epoch": 3}
    assert order == ([[]] if saves else []), "the state first"
