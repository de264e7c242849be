"""A checkpoint that is not of this model."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vaelab.errors import CheckpointError


def refuse_foreign(checkpoint: Mapping[str, Any], own: Mapping[str, Tensor], path: object, training: bool) -> None:
    """Raise CheckpointError, which names `path`, where a checkpoint does not fit the state `own` of a module, or, for
    `training`, is no state that training can go on from."""
    weights = checkpoint.get("state_dict")
    if not isinstance(weights, dict) or (training and "optimizer_states" not in checkpoint):
        raise CheckpointError(f"{path} holds weights alone, or none: training cannot go on from it")
    for name in [*own, *weights]:
        there, here = (_shape(state.get(name)) for state in (weights, own))
        if there != here:
            raise CheckpointError(f"{path} is of another model than this run: {name} is {there} there and {here} here")


def _shape(value: Any) -> str:
    return f"{list(value.shape)}" if isinstance(value, Tensor) else "missing"
