"""Faults of a config, and the one error that tells them all."""

from collections.abc import Sequence
from typing import NamedTuple

from vaelab.errors import ConfigError, DataError, UserError


class Fault(NamedTuple):
    """One paragraph that names the setting, and the exit code it asks for."""

    text: str
    code: int = ConfigError.code


def refuse(faults: Sequence[Fault]) -> None:
    """Raise one error that tells all faults; a DataError only when every fault is one of data."""
    if not faults:
        return
    texts = list(dict.fromkeys(fault.text for fault in faults))
    only_data = all(fault.code == DataError.code for fault in faults)
    kind: type[UserError] = DataError if only_data else ConfigError
    if len(texts) == 1:
        raise kind(texts[0])
    raise kind("\n".join([f"The config has {len(texts)} faults:", *(f"- {text}" for text in texts)]))
