"""The other processes of a run on one machine: started, watched, and ended with the first."""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.distributed import _set_num_threads_if_needed
from pytorch_lightning.strategies.launchers import _SubprocessScriptLauncher

from vaelab.door import write_failed
from vaelab.other_rank import ERRORS, FIRST, tell, why
from vaelab.signals import Interrupted, write_stopped

# seconds in which processes that have lost one of them notice by themselves, and leave in order
PATIENCE = 5.0


class Launcher(_SubprocessScriptLauncher):
    """Lightning's launcher, which ends as the process that failed first did: with its words last, and its code.

    Lightning's own kills the first process within five seconds of another's end, whatever it is doing.
    """

    def launch(self, function: Callable[..., Any], *args: Any, trainer: pl.Trainer | None = None, **kwargs: Any) -> Any:
        self.cluster_environment.validate_settings(num_devices=self.num_processes, num_nodes=self.num_nodes)
        starts = not self.cluster_environment.creates_processes_externally
        self.folder = Path(trainer.default_root_dir) if trainer is not None else Path()
        self.over = threading.Event()
        if starts:
            self._start()
        _set_num_threads_if_needed(num_processes=self.num_processes)
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not starts:
                tell(error)
                raise
            self.over.set()
            cause = self._end(error)
            if cause is None:
                raise
            raise cause from None
        finally:
            self.over.set()
            if starts:
                shutil.rmtree(self.errors, ignore_errors=True)

    def _start(self) -> None:
        self.errors = Path(tempfile.mkdtemp(prefix="vaelab-"))
        told = {FIRST: str(os.getpid()), ERRORS: str(self.errors)}
        os.environ |= told
        try:
            self._call_children_scripts()
        finally:
            for name in told:
                del os.environ[name]
        threading.Thread(target=self._watch, daemon=True).start()

    def _end(self, error: BaseException) -> BaseException | None:
        """End the others; what ended one of them, if that was before `error`."""
        at = time.time()
        # of these it may be the other's; and one that is told to leave does so by itself
        waits = PATIENCE if isinstance(error, RuntimeError | Interrupted) else 0.0
        while time.time() - at < waits and any(process.poll() is None for process in self.procs):
            if not isinstance(error, Interrupted) and self._cause(at):
                break
            time.sleep(0.05)
        cause = None if isinstance(error, Interrupted) else self._cause(at)
        self._kill()
        return cause

    def _cause(self, before: float) -> BaseException | None:
        found = (
            why(self.errors, rank, self.num_processes, process.poll(), before)
            for rank, process in enumerate(self.procs, start=1)
        )
        return next((cause for cause in found if cause is not None), None)

    def _kill(self) -> None:
        for process in self.procs:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _watch(self) -> None:
        """Leave in place of the main thread where that waits in vain for a process that has ended."""
        while not self.over.wait(0.5):
            if not any(process.poll() for process in self.procs):
                continue
            if self.over.wait(PATIENCE):
                return
            cause = self._cause(time.time())
            self._kill()
            begun, code = (self.folder / "config.json").exists(), getattr(cause, "code", 1)
            if isinstance(cause, Interrupted):
                if begun:
                    write_stopped(self.folder, cause, None, None)
            else:
                print(f"vaelab: {cause}", file=sys.stderr, flush=True)
                if begun:
                    write_failed(self.folder, str(cause), code)
            shutil.rmtree(self.errors, ignore_errors=True)
            os._exit(code)


def use_own_launcher(trainer: pl.Trainer) -> None:
    """Put it in where Lightning would start processes, and leave signals to `vaelab.signals` in any run."""
    # Lightning's handler of SIGTERM waits for all processes, some of which are then in the middle of a step
    connector: Any = trainer._signal_connector
    connector.register_signal_handlers = lambda: None
    loop: Any = trainer.fit_loop.epoch_loop
    loop._broadcast_sigterm_tensor = lambda: None
    stock = trainer.strategy.launcher
    if isinstance(stock, _SubprocessScriptLauncher):
        trainer.strategy._launcher = Launcher(stock.cluster_environment, stock.num_processes, stock.num_nodes)
