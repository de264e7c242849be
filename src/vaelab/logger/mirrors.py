"""Loggers are mirrors of the record: one that fails is told and left out, and training goes on."""

from collections.abc import Callable

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
