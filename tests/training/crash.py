"""Runs that are killed at a given instant: each in a process of its own, forked so that torch is imported once."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.faults.child import begin, goes_on
from vaelab.callbacks import Checkpoints, History, Noise, checkpoints
from vaelab.signals import arm
from vaelab.train import train
from vaelab.training import last, store

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from compare_runs import difference as difference
from killing import Killed as Killed


class Instants:
    """Counts the instants of a run that could be its last: before and after each of these; kills at the `fatal` one."""

    PLACES: tuple[tuple[Any, str], ...] = (
        (Noise, "on_train_batch_start"),
        (Noise, "on_validation_batch_start"),
        (History, "_add"),
        (History, "_write_training"),
        (Checkpoints, "on_train_batch_end"),
        (Checkpoints, "on_validation_end"),
        (Checkpoints, "on_train_epoch_end"),
        (store, "save"),
        (last, "move"),
    )

    def __init__(self, fatal: int | None, signum: int = signal.SIGKILL) -> None:
        self.fatal, self.signum, self.seen = fatal, signum, 0

    def install(self) -> None:
        for place, name in self.PLACES:
            setattr(place, name, self._around(getattr(place, name)))

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._pass()
            result = function(*args, **kwargs)
            self._pass()
            return result

        return counted

    def _pass(self) -> None:
        self.seen += 1
        if self.seen == self.fatal:
            os.kill(os.getpid(), self.signum)


def forked(
    cfg: dict[str, Any],
    folder: Path,
    fatal: int | None = None,
    signum: int = signal.SIGKILL,
    every: int = 2,
    resume: bool = False,
    before: Callable[[int], object] = lambda rank: None,
) -> int:
    """Train in a child whose state is saved every `every` steps; its exit code, -n where signal n killed it.

    `before`: called in it with its rank, 0.
    """
    child = _fork(cfg, folder, fatal, signum, every, resume, before=before)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ranks(
    cfg: dict[str, Any],
    folder: Path,
    fatal: int | None = None,
    of: Sequence[int] = (0,),
    signum: int = signal.SIGKILL,
    every: int = 2,
    resume: bool = False,
    before: Callable[[int], object] = lambda rank: None,
) -> list[int]:
    """The same in two processes that train together, as a scheduler would start them; their exit codes.

    `fatal`: the instant of those processes that are listed in `of`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(2):
        facts = {"LOCAL_RANK": rank, "NODE_RANK": 0, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        environment = {name: str(value) for name, value in facts.items()}
        children.append(_fork(cfg, folder, fatal if rank in of else None, signum, every, resume, environment, before))
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _fork(
    cfg: dict[str, Any],
    folder: Path,
    fatal: int | None,
    signum: int,
    every: int,
    resume: bool,
    environment: Mapping[str, str] = MappingProxyType({}),
    before: Callable[[int], object] = lambda rank: None,
) -> int:
    def action() -> None:
        os.environ |= environment
        rank = int(environment.get("LOCAL_RANK", "0"))
        checkpoints.ASKED_EVERY = every
        Checkpoints.due = lambda self, trainer: trainer.global_step % every == 0  # type: ignore[method-assign]
        instants = Instants(fatal, signum)
        instants.install()
        arm()
        before(rank)
        if resume:
            goes_on(cfg, folder, rank == 0)
        else:
            train(cfg, folder, rank == 0)
        Path(f"{folder}.instants{rank or ''}").write_text(str(instants.seen))

    return begin(Path(f"{folder}.log"), action)


def instants(folder: Path, rank: int = 0) -> int:
    return int(Path(f"{folder}.instants{rank or ''}").read_text())
