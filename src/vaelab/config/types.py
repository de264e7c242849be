"""The ranges a setting can have, written once, in the constructor's own signature.

`def __init__(self, *, variance: Positive)` says both what the code takes and what `likelihood.variance` may
be: `vaelab.config.check` reads the signature from the source file and holds a config against it without
importing torch. Each alias is an ordinary `Annotated` type, so type checkers see the plain type.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from vaelab.config.names import is_part


@dataclass(frozen=True)
class Range:
    """A test of a value, the words for it ('must be …'), and the exit code of a value that fails it."""

    test: Callable[[Any], bool]
    words: str
    code: int = 2


def _exists(path: str) -> bool:
    return os.path.exists(os.path.expanduser(path))


Positive = Annotated[float, Range(lambda v: v > 0, "a number above 0")]
NonNegative = Annotated[float, Range(lambda v: v >= 0, "a number, 0 or above")]
Fraction = Annotated[float, Range(lambda v: 0 <= v <= 1, "a number from 0 to 1")]
Decay = Annotated[float, Range(lambda v: 0 <= v < 1, "a number from 0 up to, but not, 1")]
PositiveInt = Annotated[int, Range(lambda v: v >= 1, "a whole number, 1 or above")]
Several = Annotated[int, Range(lambda v: v >= 2, "a whole number, 2 or above")]
FilePart = Annotated[str, Range(is_part, "a part of a file's name, without /")]
Count = Annotated[int, Range(lambda v: v >= 0, "a whole number, 0 or above")]
# the one range that looks outside the config: what it misses is data, hence a DataError
ExistingPath = Annotated[str, Range(_exists, "a file or folder that exists", code=4)]
