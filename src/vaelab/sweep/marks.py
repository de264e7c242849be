"""What the processes of one sweep tell each other by files in its folder."""

import json
from pathlib import Path
from typing import Any

from vaelab.errors import UserError
from vaelab.readable import read_lines

_REFUSED, _STOPPING = ".refused.jsonl", ".stopping"


def begin_marks(sweep: Path) -> None:
    """Nothing has been refused yet, and nobody has told the sweep to stop."""
    for name in (_REFUSED, _STOPPING):
        (sweep / name).unlink(missing_ok=True)


def refuse(job: Path, error: UserError) -> None:
    """Note that a job was refused whose folder holds a run that is not to be touched."""
    with open(job.parent / _REFUSED, "a") as file:
        file.write(json.dumps({"job": job.name, "error": str(error), "code": error.code}) + "\n")


def refused(sweep: Path) -> list[dict[str, Any]]:
    """{"job", "error", "code"} of each."""
    return read_lines(sweep / _REFUSED)


def stop(sweep: Path) -> None:
    """Have no other job begun: some launchers go on with the next one while this one is told to stop."""
    (sweep / _STOPPING).touch()


def is_stopping(sweep: Path) -> bool:
    return (sweep / _STOPPING).exists()
