"""A Gated PixelCNN over black-and-white images."""

from typing import Literal

from vaelab.config.types import PositiveInt
from vaelab.likelihood.autoregressive import Autoregressive
from vaelab.likelihood.bernoulli import Bernoulli
from vaelab.nn import Shape
from vaelab.nn.masked import GatedPixelCNN


class PixelCNN(Autoregressive):
    """Each pixel is a Bernoulli given those before it and z (PixelVAE, Gulrajani et al. 2017).

    The network is that of van den Oord et al. 2016b. A decoder this strong can do without z: the KL may go to 0
    (Chen et al. 2017). x in {0, 1}; log-probability in nats.
    """

    takes = ("binary",)

    def __init__(
        self,
        x_shape: Shape,
        *,
        features: PositiveInt,
        channels: PositiveInt,
        layers: PositiveInt,
        kernel: Literal[3, 5, 7],
    ) -> None:
        inner = Bernoulli(x_shape)
        net = GatedPixelCNN(
            x_shape[0], inner.params_shape[0], features, channels=channels, layers=layers, kernel=kernel
        )
        super().__init__(inner, net)
