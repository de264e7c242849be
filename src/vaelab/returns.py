"""What a finished run hands to a search: the figures of DONE.json that `returns` names."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Returned = Literal["elbo", "iw_bound", "rate", "distortion"]

_FIGURES = {
    "elbo": lambda f: f["elbo"],
    "iw_bound": lambda f: f["iw_bound"],
    "rate": lambda f: f["kl"],
    "distortion": lambda f: -f["reconstruction"],
}


def returned(folder: Path, names: str | list[str]) -> float | tuple[float, ...]:
    """One figure, nats per image, or several for a search with several directions; rate is the kl, distortion
    -reconstruction (Alemi et al. 2018). Raises OSError, ValueError or KeyError for a run that is not finished."""
    figures: Mapping[str, Any] = json.loads((folder / "DONE.json").read_text())["figures"]
    values = tuple(float(_FIGURES[name](figures)) for name in ([names] if isinstance(names, str) else names))
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{folder / 'DONE.json'} holds figures that are no numbers")
    return values[0] if isinstance(names, str) else values
