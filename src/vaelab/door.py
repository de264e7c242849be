"""What the commands have in common: their errors, and how they leave."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from vaelab.errors import UserError


class Leave(SystemExit):
    """Ends a single run with a UserError. Not an Exception: Hydra would print a line of its own before it."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.code)
        self.error = error


def door(main: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose UserErrors end it, or in a sweep end the job alone."""

    @wraps(main)
    def entered(cfg: Any) -> Any:
        try:
            return main(cfg)
        except UserError as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            raise Leave(error) from error

    return entered
