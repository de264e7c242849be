"""Memory, disk and processes that a run is denied, in a user's words."""

import errno
import re
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from vaelab.errors import ResourceError
from vaelab.training.last import how_to_go_on
from vaelab.training.store import FULL

_WORKER = re.compile(r"DataLoader worker \(pid(\(s\))? [\d, ]+\) (is killed by signal: \w+|exited unexpectedly)")


def explained(error: BaseException, cfg: Mapping[str, Any], trainer: pl.Trainer) -> ResourceError | None:
    """The error as one of memory, disk or a killed process, with what to do; None where it is another."""
    run, text = Path(trainer.default_root_dir), str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in text:
        size = cfg["data"]["batch_size"]
        as_before = f"with trainer.accumulate_grad_batches={2 * trainer.accumulate_grad_batches} steps are as before"
        smaller = f"Try data.batch_size={size // 2} ({as_before})" if size > 1 else "Try a smaller model"
        return ResourceError(
            f"out of memory at step {trainer.global_step} with data.batch_size={size}{_why(text)}{_peak()}. {smaller}, "
            f"or a smaller evaluation.max_rows. {how_to_go_on(run)}"
        )
    if isinstance(error, OSError) and error.errno in FULL:
        place = error.filename or run
        if error.errno == errno.EIO:
            return ResourceError(f"the disk of {place} fails ({error.strerror}): look at it first. {how_to_go_on(run)}")
        return ResourceError(f"no space left for {place} ({error.strerror}): free some. {how_to_go_on(run)}")
    if worker := _WORKER.search(text):
        return ResourceError(
            f"{worker[0]} at step {trainer.global_step}: the host's memory is full, or its shared memory in /dev/shm. "
            f"Lower num_workers or the batch size. {how_to_go_on(run)}"
        )
    return None


def _why(text: str) -> str:
    return f" ({text.splitlines()[0]})" if text else ""


def _peak() -> str:
    """The most that was held at once, of the device where there is one."""
    if torch.cuda.is_initialized():
        return f"; the peak was {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB on the device"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"; the peak was {peak / 2**30:.1f} GiB"
