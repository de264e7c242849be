"""The same command again skips, goes on with, and runs again; one failure stops no other job."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Run
from tests.sweep.conftest import attempts, in_a_process
from vaelab.lock import held
from vaelab.sweep import process

SWEEP = ["train", "-m", "logger=csv", "hydra.sweep.dir=sweep"]


def test_finished_jobs_are_skipped_and_unfinished_and_failed_ones_run_again(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    acting({"seed=1": ["raise", "finish"], "seed=2": ["die", "finish"], "seed=3": ["exit", "finish"]})
    code, out, _ = vaelab(*SWEEP, "seed=0,1,2,3")
    assert code == 1, "failures of several kinds"
    assert "sweep sweep: 4 jobs (4 new)" in out and "4 jobs in sweep: 1 finished, 3 failed" in out
    assert "  seed=1: it went wrong\n" in out and "  seed=2: killed by signal 9\n" in out and "exit code 3" in out
    assert json.loads((tmp_path / "sweep/seed=2/FAILED.json").read_text())["code"] == 137

    code, out, _ = vaelab(*SWEEP, "seed=3,2,1,0")
    assert code == 0 and "sweep sweep: 4 jobs (1 finished, 3 failed before, to be run again)" in out
    assert "seed=0: finished before" in out and "4 jobs in sweep: 4 finished" in out
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 2, "seed=2": 2, "seed=3": 2}

    code, out, _ = vaelab(*SWEEP, "seed=0,1,2,3,4")
    assert code == 0 and "5 jobs (4 finished, 1 new)" in out
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 2, "seed=2": 2, "seed=3": 2, "seed=4": 1}


def test_one_kind_of_failure_is_the_exit_code(acting: Callable[..., None], vaelab: Run, tmp_path: Path) -> None:
    acting({"seed=1": ["raise"]})
    assert vaelab(*SWEEP, "seed=1,0")[0] == 6
    assert (tmp_path / "sweep/seed=0/DONE.json").exists()


def test_a_fault_of_one_config_fails_its_job_alone(acting: Callable[..., None], vaelab: Run, tmp_path: Path) -> None:
    code, out, _ = vaelab(*SWEEP, "optimizer.lr=-1,0.1")
    assert code == 2 and "optimizer.lr must be a number above 0" in out
    assert attempts(tmp_path / "sweep") == {"optimizer.lr=0.1": 1}


def test_a_job_that_another_process_runs_is_declined(acting: Callable[..., None], vaelab: Run, tmp_path: Path) -> None:
    acting({"seed=1": ["busy"]})
    holder = "import sys, time; from pathlib import Path; from vaelab.lock import held\n"
    holder += "with held(Path('sweep/seed=1')): Path('holds').touch(); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", holder], cwd=tmp_path)
    try:
        _until((tmp_path / "holds").exists)
        code, out, _ = vaelab(*SWEEP, "seed=0,1")
    finally:
        other.kill()
        other.wait()
    assert code == 75 and "1 being run by another process, 1 new" in out and "seed=1: declined" in out
    with held(tmp_path / "sweep/seed=1"):
        pass  # the system has let go of the killed one's lock


def test_a_config_that_was_edited_since_is_refused_with_the_difference(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    vaelab(*SWEEP, "seed=0,1")
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "optimizer.lr=0.5")  # as if conf/ said so: it is in no name
    assert code == 2 and "seed=0: failed: " in out and "optimizer.lr: 0.001 → 0.5" in out and "2 finished" in out
    assert not list((tmp_path / "sweep").glob("*/FAILED.json")), "what is there is left as it is"
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 1}
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and "2 finished" in out


def test_a_job_that_was_stopped_is_unfinished_and_no_failure(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    acting({"seed=1": ["stop", "finish"]})
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 143 and "1 finished, 1 unfinished" in out and "seed=1: failed: stopped by max_time, saved" in out
    assert not (tmp_path / "sweep/seed=1/FAILED.json").exists()
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and "1 finished, 1 stopped, to go on" in out


def test_a_job_killed_once_it_is_finished_is_no_failure_and_has_its_report_the_next_time(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    acting({"seed=1": ["finish_and_die", "finish"]})
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and "2 finished" in out and not (tmp_path / "sweep/seed=1/FAILED.json").exists()
    report = tmp_path / "sweep/seed=1/report.html"
    assert not report.exists()
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and "seed=1: finished before, but for its report" in out and report.exists()
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and out.count("finished before\n") == 2


def test_only_the_jobs_of_the_command_count(acting: Callable[..., None], vaelab: Run) -> None:
    acting({"seed=1": ["raise", "raise", "finish"]})
    assert vaelab(*SWEEP, "seed=1,2")[0] == 6
    code, out, _ = vaelab(*SWEEP, "seed=2,3")
    assert code == 0 and "2 jobs in sweep: 2 finished" in out


def test_more_epochs_train_a_finished_job_further_and_what_was_resumed_stays_finished(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    vaelab(*SWEEP, "seed=0,1", "trainer.max_epochs=3")
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "trainer.max_epochs=5", "threads=1")
    assert code == 0 and attempts(tmp_path / "sweep") == {"seed=0": 2, "seed=1": 2}
    # as `vaelab train resume=sweep/seed=0 trainer.max_epochs=9` leaves it
    notes, config = tmp_path / "sweep/seed=0/.hydra", tmp_path / "sweep/seed=0/config.json"
    notes.mkdir()
    (notes / "overrides.resume-1.yaml").write_text("- trainer.max_epochs=9\n")
    config.write_text(config.read_text().replace('"max_epochs": 5', '"max_epochs": 9'))
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "trainer.max_epochs=5")
    assert code == 0 and out.count("finished before") == 2
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "trainer.max_epochs=5", "evaluation.iw_samples=7")
    assert code == 2 and "evaluation.iw_samples: 100 → 7" in out, "not ignored without a word"
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "trainer.max_epochs=11")
    assert code == 0 and attempts(tmp_path / "sweep") == {"seed=0": 3, "seed=1": 3}, out


def test_what_was_typed_on_a_resume_counts_by_its_value(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    vaelab(*SWEEP, "seed=0,1")
    job = tmp_path / "sweep/seed=0"
    (job / ".hydra").mkdir()
    shutil.copy(job / "config.json", job / ".hydra/config.yaml")  # what it began with; JSON is YAML
    (job / ".hydra/overrides.resume-1.yaml").write_text("- optimizer.lr=0.5\n")
    (job / "config.json").write_text((job / "config.json").read_text().replace('"lr": 0.001', '"lr": 0.5'))
    code, out, _ = vaelab(*SWEEP, "seed=0,1")
    assert code == 0 and "finished before" in out
    code, out, _ = vaelab(*SWEEP, "seed=0,1", "optimizer.lr=0.3")
    assert code == 2 and "optimizer.lr: 0.5 → 0.3" in out
    # a note that is none of ours
    (job / ".hydra/overrides.resume-old.yaml").write_text("- seed=3\n")
    assert vaelab(*SWEEP, "seed=0,1")[0] == 0


def test_jobs_that_were_never_begun_are_in_the_exit_code(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vaelab(*SWEEP, "seed=0,1")[0] == 0
    monkeypatch.setattr("vaelab.sweep.job.is_stopping", lambda sweep: True)
    code, out, _ = vaelab(*SWEEP, "seed=0,2")
    assert code == 143 and "2 jobs in sweep: 1 finished, 1 new" in out


def test_a_job_has_the_config_that_the_sweep_has() -> None:
    def job(name: str) -> Any:
        source = SimpleNamespace(provider="command-line", path="/mine")
        overrides = SimpleNamespace(task=["seed=1"], hydra=["hydra.mode=MULTIRUN"])
        of_job = SimpleNamespace(config_name=name, num=3)
        return SimpleNamespace(runtime=SimpleNamespace(config_sources=[source]), overrides=overrides, job=of_job)

    assert process.command(job("train"), Path("f"))[4:7] == ["--config-dir", "/mine", "seed=1"]
    words = process.command(job("mine"), Path("f"))
    assert words[4:9] == ["--config-dir", "/mine", "--config-name", "mine", "seed=1"]


def test_a_signal_ends_the_job_that_runs_and_begins_no_other(acting: Callable[..., None], tmp_path: Path) -> None:
    acting({"seed=1": ["wait", "finish"]})
    sweep = in_a_process(tmp_path, *SWEEP, "seed=0,1,2")
    _until((tmp_path / "waiting").exists)
    sweep.send_signal(signal.SIGTERM)
    assert sweep.wait(20) == 143
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 1}
    assert in_a_process(tmp_path, *SWEEP, "seed=0,1,2").wait(60) == 0
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 2, "seed=2": 1}


def test_a_sweep_that_is_killed_takes_its_job_along(acting: Callable[..., None], tmp_path: Path) -> None:
    acting({"seed=0": ["wait", "finish"]})
    sweep = in_a_process(tmp_path, *SWEEP, "seed=0,1")
    _until((tmp_path / "waiting").exists)
    sweep.kill()
    sweep.wait()
    _until(lambda: subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True).returncode == 1)
    assert in_a_process(tmp_path, *SWEEP, "seed=0,1").wait(60) == 0
    assert attempts(tmp_path / "sweep") == {"seed=0": 2, "seed=1": 1}


def test_tables_have_a_row_for_each_job_and_the_mean_over_seeds(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    acting({"data.batch_size=8,seed=2": ["raise"]})
    vaelab(*SWEEP, "seed=0,1,2", "data.batch_size=8,9")
    with open(tmp_path / "sweep/sweep.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 and [row["job"] for row in rows if row["state"] == "failed"] == ["data.batch_size=8,seed=2"]
    assert {(row["seed"], row["elbo"], row["elbo_stderr"]) for row in rows if row["data.batch_size"] == "9"} == {
        ("0", "-10.0", "0.5"), ("1", "-11.0", "0.5"), ("2", "-12.0", "0.5")
    }  # fmt: skip
    with open(tmp_path / "sweep/sweep_over_seeds.csv") as file:
        means = {row["data.batch_size"]: row for row in csv.DictReader(file)}
    assert (means["8"]["n"], means["8"]["elbo"]) == ("2", "-10.5")
    assert float(means["8"]["elbo_stderr"]) == pytest.approx(0.5)  # √(½) / √2
    assert float(means["9"]["elbo_stderr"]) == pytest.approx(1 / 3**0.5)


def test_each_job_has_a_gpu_of_its_own(
    acting: Callable[..., None], vaelab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert vaelab(*SWEEP, "seed=0,1", "gpus_per_job=1")[0] == 0
    assert {(tmp_path / f"sweep/seed={i}/attempts.txt").read_text() for i in (0, 1)} == {"3\n"}
    code, out, _ = vaelab(*SWEEP, "seed=7,8", "gpus_per_job=3")
    assert code == 2 and "this machine shows 2 GPUs" in out


def test_a_gpu_is_its_jobs_while_the_job_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the process that has begun the job is gone."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    begins = "import subprocess, sys; from pathlib import Path; from vaelab.sweep.gpus import own_gpus\n"
    begins += "with own_gpus(1, Path('.')) as (env, locks):\n"
    begins += "    print(subprocess.Popen(['sleep', '60'], pass_fds=locks, stdout=-3, stderr=-3).pid)"
    done = subprocess.run([sys.executable, "-c", begins], cwd=tmp_path, capture_output=True, text=True, check=True)
    with open(next((tmp_path / ".gpus").iterdir())) as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(int(done.stdout), signal.SIGKILL)
        fcntl.flock(file, fcntl.LOCK_EX)


def _until(true: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
