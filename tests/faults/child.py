"""A run in a process of its own, forked so that torch is imported once, with a fault in it."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vaelab.callbacks import Checkpoints
from vaelab.errors import UserError
from vaelab.resume import resume
from vaelab.train import train


def in_child(log: Path, action: Callable[[], object]) -> int:
    """The exit code of `action` in a child, -n where signal n ended it; what it says goes to `log`."""
    return os.waitstatus_to_exitcode(os.waitpid(begin(log, action), 0)[1])


def begin(log: Path, action: Callable[[], object]) -> int:
    """The process in which `action` goes on."""
    if child := os.fork():
        return child
    code = 1
    try:
        opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, 1)
        os.dup2(opened, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        torch.set_num_threads(1)
        # another test's, which this process would share with its parent
        os.environ.pop("WANDB_SERVICE", None)
        action()
        code = 0
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    except UserError as error:
        print(f"vaelab: {error}")
        code = error.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def goes_on(cfg: dict[str, Any], folder: Path, first: bool = True) -> None:
    start = resume({**cfg, "resume": str(folder)}, folder, [], first)
    if start is not None:
        train(cfg, folder, first, start)


def trained(
    cfg: dict[str, Any], folder: Path, fault: Callable[[], object] = lambda: None, go_on: bool = False, every: int = 2
) -> tuple[int, str]:
    """Train, or go on, in a child in which `fault` is called first and a state saved every `every` steps.

    Its exit code and what it said.
    """

    def run() -> None:
        Checkpoints.due = lambda self, trainer: trainer.global_step % every == 0  # type: ignore[method-assign]
        fault()
        if go_on:
            goes_on(cfg, folder)
        else:
            train(cfg, folder)

    log = Path(f"{folder}.log")
    log.unlink(missing_ok=True)
    code = in_child(log, run)
    return code, log.read_text()


def before(place: Any, name: str, act: Callable[..., object]) -> None:
    """Have `act` called with the same arguments before each call of a function or method."""
    real = getattr(place, name)

    def both(*args: Any, **kwargs: Any) -> Any:
        act(*args, **kwargs)
        return real(*args, **kwargs)

    setattr(place, name, both)
