"""A new run that begins from the weights of another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from vaelab.config.run_folder import find_checkpoint, read_config
from vaelab.errors import CheckpointError
from vaelab.training.store import load, verify

NAMED = 3  # of what does not fit, so many are told by name


def begin_from(module: nn.Module, source: Path) -> dict[str, Any]:
    """Give `module` the best weights of the run folder `source`, or its last, by name and shape; what was done.

    They are the moving average where that run kept one. What the objective remembers begins anew. Raises
    CheckpointError where there is no checkpoint, a damaged one, or one of which nothing fits.
    """
    path = find_checkpoint(source, "best")
    try:
        state = load(path)
    except CheckpointError as error:
        other = " Take it away, and last.ckpt is used" if path.name == "best.ckpt" else ""
        raise CheckpointError(f"{str(error).partition(' Use ')[0]}{other}") from error
    theirs, own = _weights(state["state_dict"]), _weights(module.state_dict())
    shared = [name for name in own if name in theirs]
    fits = {name: theirs[name] for name in shared if theirs[name].shape == own[name].shape}
    if not fits:
        raise CheckpointError(f"nothing of {path} fits this model: no weight has the same name and shape")
    module.load_state_dict(fits, strict=False)
    return {
        "run": str(source.resolve()),
        "checkpoint": path.name,
        "step": state["global_step"],
        "sha256": verify(path)["sha256"],
        "average": bool((read_config(source).get("callbacks") or {}).get("ema")),
        "weights": len(own),
        "taken": len(fits),
        "numbers": sum(value.numel() for value in own.values()),
        "numbers_taken": sum(value.numel() for value in fits.values()),
        "missing": [name for name in own if name not in theirs],
        "unexpected": [name for name in theirs if name not in own],
        "other_shape": {name: [list(theirs[name].shape), list(own[name].shape)] for name in shared if name not in fits},
    }


def forked_words(told: Mapping[str, Any]) -> str:
    """What `begin_from` did, in a few lines."""
    average = ", moving average" if told["average"] else ""
    lines = [
        f"begins from {told['run']}, step {told['step']} ({told['checkpoint']}{average}): "
        f"{told['taken']} of {told['weights']} weights, {told['numbers_taken']:,} of {told['numbers']:,} numbers"
    ]
    shapes = [f"{name} {old} → {new}" for name, (old, new) in told["other_shape"].items()]
    for what, names in (
        ("not in that run, so as at the start", told["missing"]),
        ("in that run alone, so left out", told["unexpected"]),
        ("of another shape, so as at the start", shapes),
    ):
        if names:
            lines.append(f"  {len(names)} {what}: {_some(names)}")
    return "\n".join(lines)


def _weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if not name.startswith("objective.")}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
