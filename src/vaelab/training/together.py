"""What several processes must know of each other, over the CPU whatever the devices are. One process asks nobody."""

from functools import cache
from typing import Any

import torch
from torch import distributed


def several() -> bool:
    """Whether there is another process to ask."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def most(value: int) -> int:
    """The largest value that any process gives: all must ask, at the same point of the run."""
    if not several():
        return value
    given = torch.tensor(value)
    distributed.all_reduce(given, distributed.ReduceOp.MAX, group=_group())
    return int(given)


def everyone(value: Any) -> list[Any]:
    """What each process gives, in the order of their ranks: all must ask."""
    if not several():
        return [value]
    given: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(given, value, group=_group())
    return given


@cache
def _group() -> Any:
    # not the group that gradients go through: that may be one of GPUs, and may be in the middle of something
    return distributed.new_group(backend="gloo")
