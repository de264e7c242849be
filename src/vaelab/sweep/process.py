"""A job in a process of its own, whatever launcher has placed it there."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vaelab.config.continuation import quoted
from vaelab.door import JOB
from vaelab.signals import SIGNALS, Interrupted

# which process a job, and a worker, ends with
PARENT, SWEEP = "VAELAB_PARENT", "VAELAB_SWEEP"
# left behind by another run's processes: a job must not take itself for a rank of it
_OF_RANKS = ("LOCAL_RANK", "NODE_RANK", "RANK", "GROUP_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
# what of Hydra's own settings is said of the sweep and not of a job
_OF_A_SWEEP = (
    "hydra.mode",
    "hydra.sweep",
    "hydra/sweeper",
    "hydra/launcher",
    "hydra.launcher",
    "hydra.run",
    "hydra.job.config",
)


def command(job: Any, folder: Path) -> list[str]:
    """`vaelab train …` of one job, from Hydra's own config of it."""
    flags = []
    for source in job.runtime.config_sources:
        if source.provider == "command-line":
            flags += ["--config-dir", str(source.path)]
    if job.job.config_name != "train":
        flags += ["--config-name", str(job.job.config_name)]
    hydra = [one for one in job.overrides.hydra if not one.lstrip("+~").startswith(_OF_A_SWEEP)]
    own = ["hydra.mode=RUN", f"hydra.run.dir={quoted(folder)}", f"hydra.job.num={job.job.num}"]
    return [sys.executable, "-m", "vaelab", "train", *flags, *job.overrides.task, *hydra, *own]


def run(words: Sequence[str], more: Mapping[str, str], log: Path | None, locks: Sequence[int] = ()) -> int:
    """The exit code of a process, -n where signal n killed it; what it prints goes on here, or into the file `log`.
    It inherits the files `locks`.

    Signals to this process are passed on to it, and end this one too, once it has left: raises Interrupted. Should this
    process be killed, that one is told to stop. Once the run has saved, submitit's own handler queues the job
    again: after SIGUSR2, its word that time is up, and after SIGTERM where SLURM wants the place for another job.
    """
    env = (
        {key: value for key, value in os.environ.items() if key not in _OF_RANKS}
        | {PARENT: str(os.getpid()), JOB: "1"}
        | dict(more)
    )
    received: list[int] = []
    out = None if log is None else open(log, "a")  # noqa: SIM115
    # a group of its own: Ctrl-C in a terminal comes once, from here
    inherits: dict[str, Any] = {"stdin": subprocess.DEVNULL, "pass_fds": locks, "process_group": 0}
    child = subprocess.Popen(words, env=env, stdout=out, stderr=out, **inherits)

    def pass_on(signum: int, frame: Any) -> None:
        received.append(signum)
        child.send_signal(signum)

    before = {signum: signal.signal(signum, pass_on) for signum in SIGNALS}
    try:
        code = child.wait()
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        if out is not None:
            out.close()
    if received:
        queue_again = before[signal.SIGUSR2] if "SUBMITIT_EXECUTOR" in os.environ else None
        if callable(queue_again) and (signal.SIGUSR2 in received or _preempted()):
            queue_again(signal.SIGUSR2, None)
        raise Interrupted(received[0])
    return code


def _preempted() -> bool:
    """Whether this process, which was told to end, is of a SLURM job that is to go on: a cancelled one does not count
    as running any more. SLURM itself queues a preempted job again only if it has to kill it."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return False
    asked = subprocess.run(["squeue", "-h", "-j", job, "-o", "%T"], capture_output=True, text=True)
    return asked.stdout.strip() == "RUNNING"


def end_with_parent() -> None:
    """In a job: have the system send SIGTERM when the sweep's process dies, so that the run is saved. Linux alone."""
    parent = os.environ.pop(PARENT, None)
    if parent is not None:
        _end_with(int(parent), signal.SIGTERM)


def end_with_sweep() -> None:
    """In a worker of a sweep: have the system kill it when the sweep's process dies. Else it would begin the next job;
    the one that it runs is told to stop by its own death. Linux alone."""
    sweep = int(os.environ.get(SWEEP, os.getpid()))
    if sweep != os.getpid():
        _end_with(sweep, signal.SIGKILL)


def _end_with(parent: int, signum: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signum)
    if os.getppid() != parent:  # it died before this was asked for
        os.kill(os.getpid(), signum)
