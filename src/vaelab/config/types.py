"""The ranges a setting can have, written once, in the constructor's own signature.

`def __init__(self, *, variance: Positive)` says both what the code takes and what `likelihood.variance` may be:
`vaelab.config.check` reads the signature from the source file and holds a config against it without importing
torch. Each alias is an ordinary `Annotated` type, so type checkers see the plain type.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Range:
    """A test of a value, and the words for it: 'must be …'."""

    test: Callable[[Any], bool]
    words: str


Positive = Annotated[float, Range(lambda v: v > 0, "a number above 0")]
NonNegative = Annotated[float, Range(lambda v: v >= 0, "a number, 0 or above")]
Fraction = Annotated[float, Range(lambda v: 0 <= v <= 1, "a number from 0 to 1")]
PositiveInt = Annotated[int, Range(lambda v: v >= 1, "a whole number, 1 or above")]
Count = Annotated[int, Range(lambda v: v >= 0, "a whole number, 0 or above")]
