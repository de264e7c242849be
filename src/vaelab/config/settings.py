"""What stands in a training config and is no constructor's: its groups, and what code reads by itself."""

from typing import Annotated, Any, Literal

from vaelab.config.annotation import Node
from vaelab.config.signature import Argument
from vaelab.config.types import Positive, PositiveInt, Range
from vaelab.returns import Returned

Seed = Annotated[int, Range(lambda v: 0 <= v < 2**32, "a whole number from 0 to 4294967295")]

_Size = tuple[PositiveInt, PositiveInt]
_PIECES = ("encoder", "posterior", "decoder", "prior", "likelihood", "objective", "optimizer", "data", "trainer")
_TRAIN: dict[str, Any] = {
    "seed": Seed,
    "threads": PositiveInt | None,
    "model": dict,
    **dict.fromkeys(_PIECES, Node),
    "logger": dict[str, Node] | None,
    "callbacks": dict[str, Node] | None,
    "evaluation": dict,
    "diagnosis": dict | None,
    "report": bool,
    "resume": str | None,
    "fork": str | None,
    "returns": Returned | list[Returned],
    "gpus_per_job": PositiveInt | None,
}

_OPTIONAL = ("logger", "callbacks", "diagnosis", "report", "resume", "fork", "returns", "gpus_per_job")

# by the dotted name of the group they stand in; "" is the top. No other setting may stand there.
SETTINGS: dict[str, dict[str, Argument]] = {
    "": {key: Argument(kind, required=key not in _OPTIONAL) for key, kind in _TRAIN.items()},
    "model": {
        "z_dims": Argument(list[PositiveInt], required=False),
        "stages": Argument(list[dict], required=False),
        "module": Argument(Node, required=True),
    },
    # [] is any element of a list
    "model.stages[]": {
        "resolution": Argument(PositiveInt | _Size | Literal["image"], required=True),
        "blocks": Argument(PositiveInt, required=True),
        "width": Argument(PositiveInt, required=True),
        "z_channels": Argument(PositiveInt, required=True),
    },
    "evaluation": {
        "split": Argument(Literal["train", "val", "test"], required=True),
        "iw_samples": Argument(PositiveInt, required=True),
        "max_rows": Argument(PositiveInt, required=True),
    },
    "diagnosis": {
        "analyses": Argument(dict[str, Node], required=True),
        "max_minutes": Argument(Positive, required=True),
    },
}
