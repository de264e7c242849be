"""A job's process without training: what it does is said in stand_in.json beside the sweep, per job and attempt.

finish, finish_and_die, raise, exit, busy, stop, die (SIGKILL to itself), wait (for a signal), kill_sweep (by SIGKILL)
"""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vaelab.sweep.job as job_module
from vaelab.sweep.process import end_with_parent

_real = job_module._in_own_process


def command(job: Any, folder: Path) -> list[str]:
    return [sys.executable, __file__, str(folder), *job.overrides.task]


def in_own_process(settings: Mapping[str, Any], folder: Path, job: Any) -> Any:
    """Writes the config, which a run does itself: to compose it takes longer than all else."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))
    return _real(settings, folder, job)


def install() -> None:
    job_module.command, job_module._in_own_process = command, in_own_process


def main() -> None:
    end_with_parent()
    folder, overrides = Path(sys.argv[1]), sys.argv[2:]
    attempts = folder / "attempts.txt"
    with open(attempts, "a") as file:
        file.write(f"{os.environ.get('CUDA_VISIBLE_DEVICES', '')}\n")
    n = len(attempts.read_text().splitlines())
    plan = json.loads(Path("stand_in.json").read_text())
    acts = plan.get(folder.name, ["finish"])
    act = acts[min(n, len(acts)) - 1]
    if act == "busy":
        sys.exit(75)
    (folder / "FAILED.json").unlink(missing_ok=True)
    if act == "wait":
        for signum in (signal.SIGTERM, signal.SIGUSR2):
            signal.signal(signum, lambda n, _: sys.exit(128 + n))
        Path("waiting").write_text(str(os.getppid()))
        time.sleep(60)
    if act == "kill_sweep":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "stop":
        (folder / "STOPPED.json").write_text(json.dumps({"signal": "max_time", "step": 3, "epoch": 1}))
        sys.exit(143)
    (folder / "STOPPED.json").unlink(missing_ok=True)
    if act == "raise":
        (folder / "FAILED.json").write_text(json.dumps({"error": "it went wrong\nbadly", "code": 6}))
        sys.exit(6)
    if act == "exit":
        sys.exit(3)
    said = dict(one.split("=", 1) for one in overrides)
    worse = float(said.get("seed", 0)) + (math.log10(float(said.get("optimizer.lr", 1e-3))) + 3) ** 2
    figures = {"elbo": -10.0 - worse, "iw_bound": -9.0, "kl": 4.0, "reconstruction": -6.0 - worse}
    (folder / "DONE.json").write_text(json.dumps({"elbo": figures["elbo"], "step": 1, "figures": figures}))
    evaluation = {key: {"value": value, "stderr": 0.5} for key, value in figures.items()}
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    if act == "finish_and_die":
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "report.html").write_text("</html>")


if __name__ == "__main__":
    main()
