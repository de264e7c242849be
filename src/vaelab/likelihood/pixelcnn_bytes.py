"""A Gated PixelCNN over bytes."""

from typing import Literal

from vaelab.config.types import PositiveInt
from vaelab.likelihood.autoregressive import Autoregressive
from vaelab.likelihood.discretised_logistic_mixture import DiscretisedLogisticMixture
from vaelab.nn import Shape
from vaelab.nn.masked import GatedPixelCNN


class PixelCNNBytes(Autoregressive):
    """As `pixelcnn`, each pixel a discretised mixture of logistics, whose colours know each other; x in 0..255; nats.

    Raises ConfigError for images of neither 1 nor 3 channels.
    """

    takes = ("byte",)

    def __init__(
        self,
        x_shape: Shape,
        *,
        features: PositiveInt,
        channels: PositiveInt,
        layers: PositiveInt,
        kernel: Literal[3, 5, 7],
        mixtures: PositiveInt,
        min_log_scale: float,
    ) -> None:
        inner = DiscretisedLogisticMixture(x_shape, mixtures=mixtures, min_log_scale=min_log_scale)
        net = GatedPixelCNN(
            x_shape[0], inner.params_shape[0], features, channels=channels, layers=layers, kernel=kernel
        )
        super().__init__(inner, net)
