"""Writing report.html into the folder of a run or of a sweep."""

import shlex
from collections.abc import Callable
from pathlib import Path

from vaelab.atomic import write_atomically
from vaelab.config.run_folder import refuse_links_out
from vaelab.errors import CheckpointError, ConfigError, ResourceError
from vaelab.report.page import LIMIT
from vaelab.report.record import Record

NAME = "report.html"
# characters for pictures; the next is taken where the page would be too large
_BUDGETS = (2_600_000, 1_000_000, 0)
_READ = (
    *("config.json", "history.jsonl", "units.jsonl", "segments.jsonl", "DONE.json", "STOPPED.json", "FAILED.json"),
    *("diagnosis.json", "quality.json"),
)


def write_report(folder: Path) -> Path:
    """Write report.html of a run, or of a sweep and of each of its runs that has none of today; the path of it.

    Raises CheckpointError when the folder is neither, ConfigError without plotly, ResourceError when the disk is full.
    """
    try:
        import plotly  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError("a report is drawn by plotly, which is not installed: pip install plotly") from error
    if not folder.is_dir():
        raise CheckpointError(f"{folder} does not exist: give the folder of a run or of a sweep")
    if is_run(folder):
        return _write_run(folder)
    runs = runs_of(folder)
    if not runs:
        raise CheckpointError(f"{folder} is no run folder and holds none: it has no config.json")
    from vaelab.report.sweep_page import sweep_page

    for run in runs:
        refuse_links_out(run)
        if is_run(run) and _stale(run):
            _write_run(run)
    return _write(folder / NAME, lambda budget: sweep_page(folder, [Record(run) for run in runs]))


def is_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("config.json", "history.jsonl"))


def runs_of(folder: Path) -> list[Path]:
    """The run folders below, one or two levels down; Hydra's notes alone are a run that did not start."""
    from vaelab.report.record import natural

    found: list[Path] = []
    for pattern in ("*", "*/*"):
        for path in folder.glob(pattern):
            if path.name.startswith(".") or any(run in path.parents for run in found):
                continue
            if is_run(path) or (path / ".hydra").is_dir():
                found.append(path)
    return sorted(found, key=lambda path: natural(str(path.relative_to(folder))))


def _write_run(folder: Path) -> Path:
    from vaelab.report.run_page import run_page

    refuse_links_out(folder)
    record = Record(folder)
    return _write(folder / NAME, lambda budget: run_page(record, budget))


def _write(path: Path, make: Callable[[int], str]) -> Path:
    """The first page that is small enough. Whoever has the page open never sees half of it."""
    whole = b""
    for budget in _BUDGETS:
        whole = make(budget).encode()
        if len(whole) <= LIMIT:
            break
    try:
        write_atomically(path, lambda file: file.write(whole))
    except OSError as error:
        raise ResourceError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _stale(run: Path) -> bool:
    """Has the run written anything since its report?"""
    report = run / NAME
    files = [run / name for name in _READ] + list(run.glob("evaluation*.json"))
    return not report.exists() or any(f.exists() and f.stat().st_mtime > report.stat().st_mtime for f in files)


def report_or_why(folder: Path) -> str:
    """Write a page and say where; one that cannot be written is told in a line, and loses nothing of what is there."""
    try:
        return f"written to {write_report(folder)}: open it in a browser"
    except Exception as error:
        return f"no report.html: {error}; `vaelab report {shlex.quote(str(folder))}` tries again"
