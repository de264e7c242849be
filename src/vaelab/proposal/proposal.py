"""The one interface: (layer, decoder state, the model's p) -> a draw and its density."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor
from torch.distributions import Distribution


class Drawn(NamedTuple):
    """A draw of one layer: its value, the density q it was drawn from (None: it was given), and whether q and p are
    conditioned on the same z_>l, which alone allows a closed-form KL between them."""

    z: Tensor
    q: Distribution | None
    aligned: bool


# (l, h, p): h is the decoder's state, None at the top; only an encoder made for that decoder reads it
Proposal = Callable[[int, Any, Distribution], Drawn]
