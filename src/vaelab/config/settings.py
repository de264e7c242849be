"""Settings that code reads by itself, beside those it hands to a constructor."""

from typing import Annotated

from vaelab.config.signature import Argument
from vaelab.config.types import PositiveInt, Range

Seed = Annotated[int, Range(lambda v: 0 <= v < 2**32, "a whole number from 0 to 4294967295")]

# by the dotted name of the group they stand in; "" is the top
SETTINGS: dict[str, dict[str, Argument]] = {
    "": {"seed": Argument(Seed, required=False)},
    "model": {"z_dims": Argument(list[PositiveInt], required=True)},
}
