"""What every feature network says of itself."""

from abc import abstractmethod
from typing import Any

from torch import Tensor, nn


class Features(nn.Module):
    """Images [B, C, H, W] in [0, 1] -> features [B, num_features].

    `name` stands in the name of every figure taken from it: figures of different networks do not compare. `facts` is
    what a report tells of it.
    """

    name: str
    num_features: int
    facts: dict[str, Any]

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor: ...
