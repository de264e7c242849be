"""A process that the first one of a run has started: it goes when that one goes, and tells it what it failed of.

Imports no torch.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaelab.atomic import write_json
from vaelab.errors import RankError, UserError
from vaelab.signals import SIGNALS, Interrupted, arm

# set by `vaelab.training.launcher`: the first process, and the folder in which errors are told
FIRST, ERRORS = "VAELAB_FIRST_PROCESS", "VAELAB_RANK_ERRORS"


def as_rank(main: Callable[[], Any]) -> None:
    """Run a command's `main` as the first process, or as one that the first has started."""
    arm()
    if FIRST not in os.environ:
        main()
        return
    first = int(os.environ[FIRST])
    threading.Thread(target=_follow, args=(first,), daemon=True).start()
    code = 0
    try:
        main()
    except BaseException as error:
        code = getattr(error, "code", 1)
        # quietly: the first process says what was the cause, as its last words
        tell(error)
        if os.getppid() != first:
            _say_gone()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at once: the first process waits for it, and to take torch down takes a second


def tell(error: BaseException) -> None:
    """Write down what ended this process, if it was started by another and has not told of an error before."""
    error = getattr(error, "error", error)  # a command that is left with a UserError
    if ERRORS not in os.environ or isinstance(error, SystemExit):
        return
    path = _file(Path(os.environ[ERRORS]), int(os.environ.get("LOCAL_RANK", "0")))
    known = isinstance(error, UserError)
    text = str(error) if known else "".join(traceback.format_exception(error)).rstrip()
    told = {"at": time.time(), "known": known, "text": text, "code": getattr(error, "code", 1)}
    if path.parent.is_dir() and not path.exists():
        write_json(path, told)


def why(errors: Path, rank: int, of: int, code: int | None, before: float) -> BaseException | None:
    """What ended process `rank` on its own, where that was before a time; None where nothing did, or later.

    `code`: its exit code, as far as it has one.
    """
    try:
        told = json.loads(_file(errors, rank).read_text())
    except (OSError, ValueError):
        return _of_code(rank, of, code) if code else None
    if told["at"] > before:
        return None
    return RankError(told["text"] if told["known"] else f"process {rank + 1} of {of}: {told['text']}", told["code"])


def _of_code(rank: int, of: int, code: int) -> BaseException:
    signum = -code if code < 0 else code - 128
    if signum in SIGNALS:
        return Interrupted(signum)
    how = f"was ended by {signal.Signals(signum).name}" if code < 0 else f"ended with code {code}"
    memory = " (perhaps for want of memory)" if signum == signal.SIGKILL else ""
    return RankError(
        f"process {rank + 1} of {of} {how}{memory}; resume=<run folder> goes on with the run",
        code if code > 0 else 128 + signum,
    )


def _follow(first: int) -> None:
    """End this process once the first one is gone: it may wait in vain for hours."""
    while os.getppid() == first:
        time.sleep(1)
    time.sleep(3)  # it may be about to end by itself
    _say_gone()
    os._exit(1)


def _say_gone() -> None:
    print("vaelab: the first process of the run is gone; resume=<run folder> goes on with the run", file=sys.stderr)


def _file(errors: Path, rank: int) -> Path:
    return errors / f"{rank}.json"
