"""The two newest whole states of a run: last.ckpt and last-1.ckpt, of which one is good at every instant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaelab.errors import CheckpointError
from vaelab.told import typed
from vaelab.training.store import move, saved_step, verify, whole

LAST, BEFORE, NEW = "last.ckpt", "last-1.ckpt", "last-new.ckpt"


def write_last(folder: Path, save: Callable[[Path], Any], first: bool) -> Path:
    """`save` the state beside the others, then let it be the last one and the last one the one before.

    `first`: the process that moves files, one of those that save together.
    """
    save(folder / NEW)
    if first:
        settle(folder)
    return folder / LAST


def settle(folder: Path) -> None:
    """Give a state that is written its name, if that was not done yet; one that is damaged is given none."""
    if not whole(folder / NEW):
        return
    if whole(folder / LAST):
        move(folder / LAST, folder / BEFORE)
    move(folder / NEW, folder / LAST)


def never_saved(folder: Path) -> bool:
    """Whether no state was ever acknowledged: neither a manifest nor a state under its final name is there."""
    names = [*(f"{name}.json" for name in (NEW, LAST, BEFORE)), LAST, BEFORE]
    return not any((folder / name).exists() for name in names)


def newest(folder: Path) -> tuple[Path, dict[str, Any], list[str]]:
    """The newest good state, its manifest, and what was wrong with newer ones. Raises CheckpointError: none is good."""
    faults: list[str] = []
    for name in (NEW, LAST, BEFORE):
        try:
            return folder / name, verify(folder / name), faults
        except CheckpointError as error:
            # a run that was not stopped in the middle of writing has no NEW, and none before has no BEFORE
            if (folder / name).exists() or name == LAST:
                faults.append(str(error).partition(". Use ")[0])
    raise CheckpointError(
        f"no state to go on from in {folder}: {'; '.join(faults)}. A run writes its first one after "
        "callbacks.checkpoints.minutes, on a signal and at its end; begin a new run."
    )


def how_to_go_on(run: Path) -> str:
    """What a message says of the run that it ends: where its newest state is, and the command."""
    folder = run / "checkpoints"
    for name in (NEW, LAST, BEFORE):
        if whole(folder / name):
            at = f"The newest state is {folder / name}, of step {saved_step(folder / name)}"
            return f"{at}: `vaelab train {typed('resume', run)}` goes on from it."
    return "No state had been saved yet."
