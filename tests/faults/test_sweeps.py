"""Sweeps whose processes are killed: the same command ends with the runs of a sweep that never was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.child import trained
from tests.training.crash import Killed, difference
from vaelab.door import write_failed
from vaelab.sweep.state import state_of

VAELAB = str(Path(sys.executable).with_name("vaelab"))
# long enough to be killed in the middle: a state is written after every step
SWEEP = [
    *("train", "-m", "data=digits", "data.batch_size=256", "model=vae", "model.z_dims=[2]", "trainer.max_epochs=24"),
    *("encoder.net.widths=[8]", "decoder.net.widths=[8]", "threads=1", "logger=csv", "diagnosis=null", "report=false"),
    *("evaluation.iw_samples=2", "~callbacks.pictures", "callbacks.checkpoints.minutes=0", "seed=0,1"),
]


def sweep(folder: Path, *more: str) -> "subprocess.Popen[str]":
    folder.mkdir(exist_ok=True)
    command = [VAELAB, *SWEEP, *more, "hydra.sweep.dir=sweep"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both jobs, side by side."""
    pytest.importorskip("joblib")
    folder = tmp_path_factory.mktemp("whole")
    run = sweep(folder, "hydra/launcher=parallel")
    out, _ = run.communicate(timeout=200)
    assert run.returncode == 0 and "2 jobs in sweep: 2 finished" in out, out
    return folder / "sweep"


def test_killed_in_the_middle_twice_it_ends_the_same(whole: Path, tmp_path: Path) -> None:
    for job in ("seed=0", "seed=1"):
        run = sweep(tmp_path)
        _until(_has_lines(tmp_path / "sweep" / job / "history.jsonl", 9))
        # the job's own process and the sweep's, neither of which can do a thing about it
        os.kill(json.loads((tmp_path / "sweep" / job / ".lock").read_text())["pid"], signal.SIGKILL)
        run.kill()
        run.communicate()
        assert not (tmp_path / "sweep" / job / "DONE.json").exists()
        (tmp_path / "sweep" / job / "FAILED.json").unlink(missing_ok=True)  # where the sweep saw its job die first
    run = sweep(tmp_path)
    out, _ = run.communicate(timeout=200)
    assert run.returncode == 0 and "2 jobs (1 finished, 1 stopped, to go on)" in out and "goes on from" in out, out
    for job in ("seed=0", "seed=1"):
        assert difference(whole / job, tmp_path / "sweep" / job) is None


def test_a_job_that_was_killed_before_it_had_a_run_is_finished_when_it_is_done(
    cfg: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "job").mkdir()
    write_failed(tmp_path / "job", "killed by signal 9", 137)
    assert state_of(tmp_path / "job") == "failed"
    assert trained(cfg, tmp_path / "job")[0] == 0
    assert state_of(tmp_path / "job") == "finished"


def test_told_to_stop_it_saves_its_job_and_goes_on(whole: Path, tmp_path: Path) -> None:
    run = sweep(tmp_path)
    _until(_has_lines(tmp_path / "sweep/seed=0/history.jsonl", 9))
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 143 and "stopped by SIGTERM" in out
    assert (tmp_path / "sweep/seed=0/STOPPED.json").exists() and not (tmp_path / "sweep/seed=1/config.json").exists()
    run = sweep(tmp_path)
    out, _ = run.communicate(timeout=200)
    assert run.returncode == 0 and "2 jobs (1 stopped, to go on, 1 new)" in out, out
    for job in ("seed=0", "seed=1"):
        assert difference(whole / job, tmp_path / "sweep" / job) is None


def test_jobs_side_by_side_save_when_their_sweep_is_told_to_stop(whole: Path, tmp_path: Path) -> None:
    run = sweep(tmp_path, "hydra/launcher=parallel")
    jobs = [tmp_path / "sweep" / name for name in ("seed=0", "seed=1")]
    for job in jobs:
        _until(_has_lines(job / "history.jsonl", 2))
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=100)
    assert run.returncode == 143, out
    # one that had begun before the other may be done by then
    assert all((job / "STOPPED.json").exists() or (job / "DONE.json").exists() for job in jobs), out
    assert any((job / "STOPPED.json").exists() for job in jobs), out
    run = sweep(tmp_path, "hydra/launcher=parallel")
    out, _ = run.communicate(timeout=200)
    assert run.returncode == 0 and "stopped, to go on" in out, out
    for job in ("seed=0", "seed=1"):
        assert difference(whole / job, tmp_path / "sweep" / job) is None


def test_a_job_that_cannot_begin_is_recorded_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    wrong = ["train", "-m", "data=folder", "data.path=empty", "logger=csv", "hydra.sweep.dir=sweep", "seed=1,2"]
    run = subprocess.run([VAELAB, *wrong], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert run.returncode == 4 and "2 jobs in sweep: 2 failed" in run.stdout, run.stdout + run.stderr
    assert "seed=1 and 1 more: data=folder" in run.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_side_by_side_too_a_sweep_that_is_killed_takes_all_its_processes_along(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    jobs = [tmp_path / "sweep" / f"seed={seed}" for seed in range(3)]
    more = ["seed=0,1,2", "hydra/launcher=parallel", "trainer.max_epochs=2000"]
    run = Killed([*SWEEP, *more, f"hydra.sweep.dir={tmp_path / 'sweep'}"], tmp_path / "log")
    _until(lambda: all(_has_lines(job / "history.jsonl", 3)() for job in jobs[:2]))
    os.kill(run.pid, signal.SIGKILL)
    run.ends_within(10)
    assert run.left_behind(20) == []
    assert [(job / "STOPPED.json").exists() for job in jobs] == [True, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_workers_that_have_no_job_yet_go_with_their_sweep(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    run = Killed([*SWEEP, "seed=0,1", "hydra/launcher=parallel", f"hydra.sweep.dir={tmp_path}/sweep"], tmp_path / "log")
    _until(lambda: len(run.others()) >= 4)  # two workers, and two processes that look after their files
    os.kill(run.pid, signal.SIGKILL)
    run.ends_within(10)
    assert run.left_behind(10) == []


def test_two_sweeps_at_once_run_every_job_once(whole: Path, tmp_path: Path) -> None:
    first = sweep(tmp_path)
    _until((tmp_path / "sweep/seed=0/config.json").exists)
    second = sweep(tmp_path)
    told, code = second.communicate(timeout=200)[0], second.returncode
    out, _ = first.communicate(timeout=200)
    # the second declines seed=0 and takes seed=1, unless the first had come to it before
    assert first.returncode in (0, 75) and code in (0, 75), out + told
    # done by then, where the second was slow to start
    assert "seed=0: declined: another process runs" in told or "seed=0: finished before" in told, told
    for job in ("seed=0", "seed=1"):
        assert difference(whole / job, tmp_path / "sweep" / job) is None
        assert not list((tmp_path / "sweep" / job).glob("history.orphan*"))


def _has_lines(path: Path, n: int) -> Callable[[], bool]:
    return lambda: path.exists() and path.read_bytes().count(b"\n") >= n


def _until(true: Callable[[], Any], seconds: float = 100) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
