"""One job of a sweep: skipped, gone on with, or begun."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaelab.afterwards import is_explained
from vaelab.config.check import check
from vaelab.config.continuation import is_finished
from vaelab.config.tasks import refuse_other_tasks
from vaelab.door import write_failed
from vaelab.errors import BusyError, UserError
from vaelab.lock import is_held
from vaelab.rank import is_first
from vaelab.readable import read_json
from vaelab.returns import returned
from vaelab.sweep.gpus import own_gpus
from vaelab.sweep.marks import is_stopping, refuse
from vaelab.sweep.process import command, run

Value = float | tuple[float, ...]


class JobFailed(Exception):
    """A job that ended without figures; FAILED.json in its folder says why."""


def run_job(settings: Mapping[str, Any], folder: Path, job: Any) -> Value | None:
    """What a job's run returns; of a finished one at once, else when its process has ended.

    A failure is kept in FAILED.json and stops no other job. A search learns of it by JobFailed; the basic sweeper would
    end with the first one, and gets None instead. Where SLURM runs a job as several tasks, each is here, and the first
    one speaks for all.
    """
    try:
        check(settings, choices=dict(job.runtime.choices))
        refuse_other_tasks(settings["trainer"])
        begun = (folder / "config.json").exists()
        finished = begun and is_finished(folder, settings)
        if finished and is_explained(folder):
            print(f"{folder.name}: finished before", flush=True)
            return _figures(folder, settings)
        # of several tasks the others come while the first one's run may have begun
        if is_first() and is_held(folder):
            raise BusyError(f"another process runs {folder}")
        if is_stopping(folder.parent):
            return None
        does = "finished before, but for its report" if finished else "goes on" if begun else "begins"
        print(f"{folder.name}: {does}", flush=True)
        return _in_own_process(settings, folder, job)
    except (UserError, JobFailed) as error:
        print(f"{folder.name}: {'declined' if isinstance(error, BusyError) else 'failed'}: {error}", flush=True)
        if is_first() and isinstance(error, UserError) and not isinstance(error, BusyError):
            if (folder / "config.json").exists():
                refuse(folder, error)  # what it holds is left as it is
            else:
                write_failed(folder, str(error), error.code)
        if _is_basic(job) or not is_first():
            return None
        raise


def _in_own_process(settings: Mapping[str, Any], folder: Path, job: Any) -> Value | None:
    folder.mkdir(parents=True, exist_ok=True)
    if is_first():
        (folder / "FAILED.json").unlink(missing_ok=True)  # of the last time
    with own_gpus(settings.get("gpus_per_job"), folder.parent) as (env, locks):
        log = None if _is_local(job, "basic") else folder / "output.log"
        code = run(command(job, folder), {**_threads(settings, job), **env}, log, locks)
    if code == BusyError.code:
        raise BusyError(f"another process runs {folder}")
    if not is_first():
        return None
    # killed in its diagnosis or its report it is finished all the same
    if code == 0 or ((folder / "DONE.json").exists() and is_finished(folder, settings)):
        return _figures(folder, settings)
    if code > 128 and (stopped := read_json(folder / "STOPPED.json")):
        raise JobFailed(f"stopped by {stopped.get('signal')}, saved: the same command goes on with it")
    why = f"killed by signal {-code}" if code < 0 else f"it left with exit code {code}"
    raise JobFailed(_failed(folder, why, code if code > 0 else 128 - code))


def _figures(folder: Path, settings: Mapping[str, Any]) -> Value:
    try:
        return returned(folder, settings["returns"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise JobFailed(f"{folder / 'DONE.json'} has no figures to return ({error})") from None


def _failed(folder: Path, why: str, code: int) -> str:
    """What the run itself said of its failure; else `why`, which is kept."""
    told = read_json(folder / "FAILED.json")
    if not told:
        write_failed(folder, why, code)
    return str(told.get("error") or why)


def _threads(settings: Mapping[str, Any], job: Any) -> dict[str, str]:
    """Jobs side by side share the cores: threads of two jobs on one core wait for each other and cost far more."""
    jobs = job.launcher.get("n_jobs") if _is_local(job, "joblib") else None
    if settings.get("threads") or not isinstance(jobs, int) or "OMP_NUM_THREADS" in os.environ:
        return {}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"OMP_NUM_THREADS": str(max(1, cores // jobs if jobs > 0 else 1))}


def _is_local(job: Any, name: str) -> bool:
    return name in str(job.launcher._target_).lower()


def _is_basic(job: Any) -> bool:
    return "BasicSweeper" in str(job.sweeper._target_)
