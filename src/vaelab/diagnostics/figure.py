"""How a figure of many images is told."""

import math

from torch import Tensor


def figure(values: Tensor) -> dict[str, float]:
    """Of figures of N images, [N]: their mean and its standard error."""
    error = values.std(correction=1).item() / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return {"value": values.mean().item(), "stderr": error}
