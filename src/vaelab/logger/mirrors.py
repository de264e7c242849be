"""Loggers are mirrors of the record: one that fails is told and left out, and training goes on."""

import sys
from collections.abc import Callable
from contextlib import suppress

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities import rank_zero_only

from vaelab.errors import UserError


def each_logger(trainer: pl.Trainer, act: Callable[[Logger], object]) -> None:
    """`act` on every logger of the trainer; what one of them raises is told in a line, and that one is taken away."""
    for logger in list(trainer.loggers):
        try:
            act(logger)
        except UserError:
            raise
        except Exception as error:
            trainer.loggers = [one for one in trainer.loggers if one is not logger]
            name = type(logger).__name__
            tell(f"note: {name} is left out from here on, and history.jsonl has everything ({_words(error)})")


@rank_zero_only
def tell(line: str) -> None:
    """A line on the terminal, of the first process alone."""
    print(line, flush=True)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def close_wandb(code: int) -> None:
    """End this run's wandb run with the exit code, so that the next job of a sweep does not log into it."""
    wandb = sys.modules.get("wandb")
    if wandb is not None and getattr(wandb, "run", None) is not None:
        try:
            wandb.finish(exit_code=code)
        except Exception:  # its own process is gone; the next job's run gets a new one
            with suppress(Exception):
                wandb.teardown()
