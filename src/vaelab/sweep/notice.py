"""What a sweep says before its first job and after its last one."""

import os
import shlex
import signal
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from hydra.experimental.callback import Callback
from omegaconf import OmegaConf

from vaelab.errors import BusyError
from vaelab.lock import NAME as LOCK
from vaelab.lock import held_by, is_held
from vaelab.rank import is_first
from vaelab.readable import read_json
from vaelab.signals import SIGNALS, Interrupted
from vaelab.sweep.marks import begin_marks, refused, stop
from vaelab.sweep.names import job_name
from vaelab.sweep.process import SWEEP, end_with_sweep
from vaelab.sweep.state import STATES, state_of
from vaelab.sweep.study import begin_anew

_WORDS = {
    "finished": "finished", "running": "being run by another process", "failed": "failed before, to be run again",
    "unfinished": "stopped, to go on", "new": "new",
}  # fmt: skip

# here and not in train.py: a launcher's worker imports what its callbacks are made of, and asks for the name then
OmegaConf.register_new_resolver(
    "vaelab.job", lambda overrides, common: job_name(list(overrides), set(common)), replace=True
)

GRACE = 300.0  # seconds that jobs side by side may take to save when the sweep is told to stop


class _Sweep(NamedTuple):
    folder: Path
    jobs: list[Path] | None  # those of this command; of a search they are not known before


_sweeps: list[_Sweep] = []  # that of this process


class Notice(Callback):
    """Hydra calls it when a sweep begins. The end is told by `ended`: Hydra's own is not reached where a job fails."""

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        folder, jobs = Path(config.hydra.sweep.dir), _jobs(config)
        _sweeps[:] = [_Sweep(folder, jobs)]
        os.environ[SWEEP] = str(os.getpid())
        # as the basic sweeper does, and no other: it says that this is a sweep, and what was typed for it
        with suppress(OSError):  # told by Hydra, in a moment
            folder.mkdir(parents=True, exist_ok=True)
            OmegaConf.save(config, folder / "multirun.yaml")
            begin_marks(folder)
        if "joblib" in str(config.hydra.launcher._target_).lower():
            _let_jobs_save(folder)
            _end_workers_with_it()
        counted = Counter(state_of(path) for path in (jobs_in(folder) if jobs is None else jobs))
        told = ", ".join(f"{counted[state]} {_WORDS[state]}" for state in STATES if counted[state])
        what = "a search" if jobs is None else _many(len(jobs))
        print(f"sweep {folder}: {what}{f' ({told})' if told else ''}", flush=True)
        if jobs is None and (note := begin_anew(config.hydra.sweeper, str(config.hydra.sweep.dir))):
            print(f"note: {note}", flush=True)


def ended() -> int:
    """Say what came of this process's sweep, write its tables, and return the exit code: that of what failed or was
    refused (1 where there are several), 143 where a job was stopped or never begun, 75 where another process runs one,
    else 0."""
    if not _sweeps or not is_first():
        return 0
    folder, jobs = _sweeps.pop()
    states = {job: state_of(job) for job in (jobs_in(folder) if jobs is None else dict.fromkeys(jobs))}
    if not any(state != "new" for state in states.values()):
        return 0
    counted = Counter(states.values())
    told = ", ".join(f"{counted[state]} {state}" for state in STATES if counted[state])
    print(f"{_many(len(states))} in {folder}: {told}")
    failures = [
        {"job": job.name} | read_json(job / "FAILED.json") for job, state in states.items() if state == "failed"
    ]
    failures += refused(folder)
    reasons: dict[str, list[str]] = {}
    for failure in failures:
        reasons.setdefault(str(failure.get("error", "")).partition("\n")[0], []).append(str(failure["job"]))
    for reason, names in reasons.items():
        print(f"  {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {reason}")
    print(_tables(folder))
    if counted["unfinished"] or counted["new"] or counted["failed"]:
        print("the same command again skips what is finished and goes on with the rest")
    print(f"next: vaelab report {shlex.quote(str(folder))}", flush=True)
    codes = {code if isinstance(code := failure.get("code"), int) else 1 for failure in failures}
    if codes:
        return codes.pop() if len(codes) == 1 else 1
    if counted["unfinished"] or counted["new"]:
        return 128 + signal.SIGTERM
    return BusyError.code if counted["running"] else 0


def _tables(folder: Path) -> str:
    from vaelab.sweep.table import write_tables

    try:
        return "\n".join(write_tables(folder, jobs_in(folder)))
    except Exception as error:
        return f"no sweep.csv: {error}"


def _let_jobs_save(sweep: Path) -> None:
    """Have a signal reach the jobs that run side by side, and wait until they have saved: joblib would kill them."""

    def stop_jobs(signum: int, frame: Any) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        stop(sweep)
        for job in jobs_in(sweep):
            pid = held_by(job)
            if pid is not None:
                with suppress(OSError):
                    os.kill(pid, signum)
        end = time.monotonic() + GRACE
        while any(is_held(job) for job in jobs_in(sweep)) and time.monotonic() < end:
            time.sleep(0.2)
        raise Interrupted(signum)

    for signum in SIGNALS:
        signal.signal(signum, stop_jobs)


def _end_workers_with_it() -> None:
    """Have joblib's workers look after their own end before they take a job: some would wait for one for ever."""
    from joblib import register_parallel_backend
    from joblib.parallel import BACKENDS

    register_parallel_backend("loky", partial(BACKENDS["loky"], initializer=end_with_sweep))


def jobs_in(folder: Path) -> list[Path]:
    """The folders of jobs that were begun."""
    marks = ("config.json", "FAILED.json", LOCK)
    return sorted({path.parent for mark in marks for path in folder.glob(f"*/{mark}")})


def _jobs(config: Any) -> list[Path] | None:
    """The folders of all jobs, where they are known before the first; of a search they are not."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    sweeper, folder = config.hydra.sweeper, Path(config.hydra.sweep.dir)
    if not str(sweeper._target_).endswith(".BasicSweeper"):
        return None
    params = [f"{key}={value}" for key, value in (sweeper.get("params") or {}).items()]
    said = OverridesParser.create().parse_overrides([*params, *config.hydra.overrides.task])
    common = set(config.hydra.job.config.override_dirname.exclude_keys)
    return [folder / job_name(job, common) for batch in BasicSweeper.split_arguments(said, None) for job in batch]


def _many(jobs: int) -> str:
    return f"{jobs} job{'s' if jobs != 1 else ''}"
