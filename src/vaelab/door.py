"""What the commands have in common: their errors, and how they leave."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from vaelab.atomic import write_json
from vaelab.config.writable import unwritable
from vaelab.errors import UserError

# set where a run is a job of a sweep
JOB = "VAELAB_JOB"


class Leave(SystemExit):
    """Ends a single run with a UserError. Not an Exception: Hydra would print a line of its own before it."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.code)
        self.error = error


def door(main: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose UserErrors end it, or in a sweep end the job alone. A file that cannot be written is one."""

    @wraps(main)
    def entered(cfg: Any) -> Any:
        try:
            return main(cfg)
        except (UserError, OSError) as error:
            known = unwritable(error) if isinstance(error, OSError) else error
            if known is None:
                raise
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise known from error
            raise Leave(known) from error

    return entered


@contextmanager
def failures_told(folder: Path, first: bool = True) -> Iterator[None]:
    """Leave FAILED.json in a run folder where training goes wrong: a sweep counts by it, a report shows it. Where
    there is no run yet, only a job of a sweep leaves it."""
    try:
        yield
    except Exception as error:
        of_a_run = (folder / "config.json").exists() or JOB in os.environ
        if first and of_a_run and not (folder / "DONE.json").exists():
            write_failed(folder, str(error) or type(error).__name__, getattr(error, "code", 1), traceback.format_exc())
        raise


def write_failed(folder: Path, error: str, code: int, trace: str | None = None) -> None:
    """FAILED.json: what went wrong in a run, and the exit code that it left with."""
    with suppress(OSError):  # a full disk: what is told of the failure itself is enough
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "FAILED.json", {"error": error, "code": code, "traceback": trace})
