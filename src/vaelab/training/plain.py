"""What a checkpoint or a config may hold: what is read back without running code, tensors and plain containers."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

import torch

from vaelab.errors import ConfigError

# exactly these: a NumPy number is a float to Python, and a pickle to torch
TEXT = (bool, int, float, str, type(None))
STATE = (*TEXT, complex, bytes, torch.dtype, torch.device, torch.Tensor, torch.nn.Parameter, set)
_MAPPINGS, _SEQUENCES = (dict, OrderedDict, Counter), (list, tuple, torch.Size)


def refuse_unplain(value: Any, kinds: tuple[type, ...] = STATE) -> None:
    """Raise ConfigError, which names what is neither of `kinds` nor a plain container, before it is written."""
    if found := list(unplain(value, kinds)):
        raise ConfigError(
            f"cannot be written so that it is read back safely: {'; '.join(found)}. "
            "Give text, numbers or lists in its place, or a tensor in a state."
        )


def unplain(value: Any, kinds: tuple[type, ...], path: str = "") -> Iterator[str]:
    """'callbacks.Mine.folder is a PosixPath', for each."""
    if type(value) in _MAPPINGS:
        for key, inner in value.items():
            name = f"{path}.{key}" if path else str(key)
            if type(key) not in TEXT:
                yield f"{name} has a {type(key).__name__} for a name"
            yield from unplain(inner, kinds, name)
    elif type(value) in _SEQUENCES or (type(value) is set and set in kinds):
        for i, inner in enumerate(value):
            yield from unplain(inner, kinds, f"{path}[{i}]")
    elif type(value) not in kinds:
        yield f"{path} is a {type(value).__name__}"
