"""What a sweep says before its first job and after its last one."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import OmegaConf

from vaelab.errors import BusyError
from vaelab.lock import NAME as LOCK
from vaelab.rank import is_first
from vaelab.report.read import read_json
from vaelab.sweep.names import job_name
from vaelab.sweep.process import SWEEP
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

_sweep: list[Path] = []  # the folder of this process's sweep


class Notice(Callback):
    """Hydra calls it when a sweep begins. The end is told by `ended`: Hydra's own is not reached where a job fails."""

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        _sweep[:] = [folder]
        os.environ[SWEEP] = str(os.getpid())
        # as the basic sweeper does, and no other: it says that this is a sweep, and what was typed for it
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(config, folder / "multirun.yaml")
        jobs = _jobs(config)
        counted = Counter(state_of(path) for path in (jobs_in(folder) if jobs is None else jobs))
        told = ", ".join(f"{counted[state]} {_WORDS[state]}" for state in STATES if counted[state])
        what = "a search" if jobs is None else _many(len(jobs))
        print(f"sweep {folder}: {what}{f' ({told})' if told else ''}", flush=True)
        if jobs is None and (note := begin_anew(config.hydra.sweeper)):
            print(f"note: {note}", flush=True)


def ended() -> int:
    """Say what came of this process's sweep, write its tables, and return the exit code: that of what failed (1 where
    there are several), 75 where another process runs what is left, else 0."""
    if not _sweep or not is_first():
        return 0
    folder = _sweep.pop()
    jobs = jobs_in(folder)
    if not jobs:
        return 0
    from vaelab.sweep.table import write_tables

    states = {job: state_of(job) for job in jobs}
    counted = Counter(states.values())
    told = ", ".join(f"{counted[state]} {state}" for state in STATES if counted[state])
    print(f"{_many(len(jobs))} in {folder}: {told}")
    failures = {job: read_json(job / "FAILED.json") for job, state in states.items() if state == "failed"}
    for job, failure in failures.items():
        print(f"  {job.name}: {str(failure.get('error', '')).partition(chr(10))[0]}")
    for line in write_tables(folder, jobs):
        print(line)
    if counted["finished"] < len(jobs):
        print("the same command again skips what is finished and goes on with the rest")
    print(f"next: vaelab report {folder}", flush=True)
    codes = {int(failure.get("code") or 1) for failure in failures.values()}
    if codes:
        return codes.pop() if len(codes) == 1 else 1
    return BusyError.code if counted["running"] else 0


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
