"""Searches by optuna: seeded, so that one that was killed makes the same trials again and skips what is finished."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Run
from tests.sweep.conftest import attempts, in_a_process

optuna = pytest.importorskip("optuna")

SEARCH = ["train", "logger=csv", "sweep=tpe", "hydra.sweeper.n_trials=7", "hydra.sweeper.sampler.n_startup_trials=3"]


def result(folder: Path) -> Any:
    return yaml.safe_load((folder / "optimization_results.yaml").read_text())


@pytest.fixture
def whole(acting: Callable[..., None], vaelab: Run, tmp_path: Path) -> Path:
    """A search that was never stopped."""
    code, out, err = vaelab(*SEARCH, "hydra.sweep.dir=whole")
    assert code == 0, err
    assert out.startswith("sweep whole: a search") and "7 jobs in whole: 7 finished" in out
    return tmp_path / "whole"


def test_a_killed_search_replays_to_the_same_trials(
    whole: Path, acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    names = list(attempts(whole))
    acting({names[4]: ["kill_sweep", "finish"]})
    assert in_a_process(tmp_path, *SEARCH, "hydra.sweep.dir=killed").wait(100) == -signal.SIGKILL
    done = len(list((tmp_path / "killed").glob("*/DONE.json")))
    assert done == 4
    code, out, _ = vaelab(*SEARCH, "hydra.sweep.dir=killed")
    assert (
        code == 0 and out.count("finished before") == done and f"a search ({done} finished, 1 stopped, to go on)" in out
    )
    assert set(attempts(tmp_path / "killed")) == set(names)
    assert result(tmp_path / "killed") == result(whole)


def test_more_trials_begin_with_the_same_ones(whole: Path, vaelab: Run) -> None:
    before = set(attempts(whole))
    code, out, _ = vaelab(*SEARCH, "hydra.sweep.dir=whole", "hydra.sweeper.n_trials=9")
    assert code == 0 and out.count("finished before") == 7
    assert before < set(attempts(whole)) and set(attempts(whole).values()) == {1}


def test_a_failed_trial_stops_no_other_and_is_tried_again(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    few = [*SEARCH, "hydra.sweep.dir=sweep", "hydra.sweeper.n_trials=3"]
    vaelab(*few)
    second = sorted(attempts(tmp_path / "sweep"))[1]
    (tmp_path / "sweep" / second / "DONE.json").unlink()
    acting({second: ["finish", "raise", "finish"]})
    code, out, _ = vaelab(*few)
    assert code == 6 and "2 finished, 1 failed" in out
    code, out, _ = vaelab(*few)
    assert code == 0 and "3 finished" in out


def test_a_study_on_disk_is_that_of_one_search_and_a_damaged_one_is_made_again(whole: Path, vaelab: Run) -> None:
    def trials() -> list[tuple[Any, ...]]:
        (summary,) = optuna.get_all_study_summaries("sqlite:///kept/study.db")
        study = optuna.load_study(study_name=summary.study_name, storage="sqlite:///kept/study.db")
        assert {trial.state.name for trial in study.trials} == {"COMPLETE"}, "none that runs for ever"
        return [(trial.values, trial.params) for trial in study.trials]

    command = [*SEARCH, "hydra.sweep.dir=whole", "hydra.sweeper.storage=sqlite:///kept/study.db"]
    assert vaelab(*command)[0] == 0
    first = trials()
    assert len(first) == 7
    # one trial was left running, as by a kill
    study = optuna.load_study(study_name="whole", storage="sqlite:///kept/study.db")
    study.ask()
    assert vaelab(*command)[0] == 0
    assert trials() == first
    Path("kept/study.db").write_bytes(os.urandom(4096))
    code, out, _ = vaelab(*command)
    assert code == 0 and "kept/study.db cannot be read" in out and len(list(Path("kept").glob("*.damaged-*"))) == 1
    assert trials() == first


def test_several_directions_have_a_front(acting: Callable[..., None], vaelab: Run, tmp_path: Path) -> None:
    several = ["train", "logger=csv", "sweep=rate_distortion", "hydra.sweeper.n_trials=2", "hydra.sweep.dir=sweep"]
    code, _, err = vaelab(*several)
    assert code == 0, err
    assert result(tmp_path / "sweep")["solutions"][0]["values"] == [4.0, 6.0], (
        "rate is the kl, distortion -reconstruction"
    )
