"""What the commands have in common: their errors, and how they leave."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from vaelab.config.writable import unwritable
from vaelab.errors import UserError


class Leave(SystemExit):
    """Ends a single run with a UserError. Not an Exception: Hydra would print a line of its own before it."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.code)
        self.error = error


def door(main: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose UserErrors end it, or in a sweep end the job alone. A file that cannot be written is one."""

    @wraps(main)
    def entered(cfg: Any) -> Any:
        try:
            return main(cfg)
        except (UserError, OSError) as error:
            known = unwritable(error) if isinstance(error, OSError) else error
            if known is None:
                raise
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise known from error
            raise Leave(known) from error

    return entered
