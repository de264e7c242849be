"""Launchers that run a sweep's jobs in workers of their own; the jobs are stand-ins, as in test_sweeps.py."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.sweep.test_sweeps import _until, attempts
from vaelab.sweep.lost import lost_job

SWEEP = ["train", "-m", "logger=csv", "hydra.sweep.dir=sweep"]
PARALLEL = ["hydra/launcher=parallel", "hydra.launcher.n_jobs=2"]
HERE = ["hydra/launcher=slurm_here"]

# python reads it at every start: in a worker no monkeypatch of this process is seen, but what a worker starts is
# `python -m vaelab train …`, and this makes a stand-in of it
SITE = """
import json, os, sys
from pathlib import Path
if sys.orig_argv[1:4] == ["-m", "vaelab", "train"]:
    try:
        from tests.sweep.stand_in import main
        from vaelab.config.paths import compose
        place = next(one for one in sys.orig_argv if one.startswith("hydra.run.dir=")).partition("=")[2].strip("'")
        own = [one for one in sys.orig_argv[4:] if not one.startswith(("hydra", "-"))]
        Path(place, "config.json").write_text(json.dumps(compose(own)))
        sys.argv = ["stand_in", place, *own]
        main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code
    os._exit(code)
"""


@pytest.fixture
def acting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, list[str]]], None]:
    """Jobs that act as said, in whatever worker: acting({"seed=1": ["raise", "finish"]}); all others finish."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))

    def act(plan: dict[str, list[str]]) -> None:
        (tmp_path / "stand_in.json").write_text(json.dumps(plan))

    return act


@pytest.mark.parametrize("launcher", [PARALLEL, HERE], ids=["parallel", "slurm_here"])
def test_finished_jobs_are_skipped_and_a_failed_one_runs_again(
    launcher: list[str], acting: Callable[..., None], vaelab: Run, tmp_path: Path
) -> None:
    acting({"seed=1": ["raise", "finish"]})
    code, out, err = vaelab(*SWEEP, *launcher, "seed=0,1")
    assert code == 6, err
    assert "1 finished, 1 failed" in out and "  seed=1: it went wrong\n" in out
    code, out, err = vaelab(*SWEEP, *launcher, "seed=0,1")
    assert code == 0 and "2 jobs (1 finished, 1 failed before, to be run again)" in out, err
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 2}


def test_a_job_whose_time_is_over_is_queued_again_and_finishes(acting: Callable[..., None], tmp_path: Path) -> None:
    acting({"seed=1": ["wait", "finish"]})
    words = [sys.executable, "-c", "from vaelab.cli import main; main()", *SWEEP, *HERE, "seed=0,1"]
    sweep = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
    waiting = tmp_path / "waiting"
    _until(lambda: waiting.exists() and waiting.read_text())
    os.kill(int(waiting.read_text()), signal.SIGUSR2)  # submitit's word for it
    assert sweep.wait(60) == 0
    assert attempts(tmp_path / "sweep") == {"seed=0": 1, "seed=1": 2}
    logs = [path.read_text() for path in tmp_path.glob("sweep/.submitit/*/*_log.out")]
    assert any("seed=1: begins" in log and "Requeued" in log and "seed=1: goes on" in log for log in logs)


@pytest.mark.parametrize(("state", "again"), [("RUNNING", True), ("COMPLETING", False)])
def test_slurms_sigterm_queues_a_preempted_job_again_and_no_cancelled_one(
    state: str, again: bool, tmp_path: Path
) -> None:
    """SLURM says by the job's state which of the two it is; `squeue` is a stand-in."""
    (tmp_path / "squeue").write_text(f"#!/bin/sh\n[ $3 = 7 ] && echo {state}\n")
    (tmp_path / "squeue").chmod(stat.S_IRWXU)
    worker = """
import signal, sys
from vaelab.sweep.process import run
signal.signal(signal.SIGUSR2, lambda *_: (print("queued again"), sys.exit(255)))  # as submitit's does
child = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(143)); print('ready', flush=True)"
run([sys.executable, "-c", f"{child}; time.sleep(60)"], {}, None)
"""
    slurm = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "7", "SUBMITIT_EXECUTOR": "slurm"}
    env = {**os.environ, **slurm, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", worker], env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == (("queued again\n", 255) if again else ("", 143))


def test_a_job_that_was_cancelled_is_told_without_a_traceback() -> None:
    from submitit.core.utils import UncompletedJobError

    text = "Job 14 with path /x.pkl\nhas not produced any output (state: CANCELLED)\nError stream produced:\nx"
    told = lost_job(UncompletedJobError(text))
    assert told is not None and "(state: CANCELLED). Jobs" in str(told) and "\n" not in str(told)
    assert lost_job(ValueError("x")) is None
