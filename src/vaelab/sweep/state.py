"""How far the run in a folder is."""

from pathlib import Path
from typing import Literal

from vaelab.lock import is_held

State = Literal["finished", "running", "failed", "unfinished", "new"]
# in the order in which they are told
STATES: tuple[State, ...] = ("finished", "running", "failed", "unfinished", "new")


def state_of(folder: Path) -> State:
    """Of a run that this process does not hold itself."""
    if not folder.is_dir():
        return "new"
    if is_held(folder):
        return "running"
    for name, state in (("DONE.json", "finished"), ("FAILED.json", "failed"), ("config.json", "unfinished")):
        if (folder / name).exists():
            return state  # type: ignore[return-value]
    return "new"
