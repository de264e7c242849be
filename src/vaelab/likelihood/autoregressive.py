"""A likelihood whose pixels see the pixels before them."""

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaelab.distributions import whole
from vaelab.likelihood.likelihood import Likelihood
from vaelab.nn import Shape
from vaelab.nn.masked import GatedPixelCNN


class Autoregressive(Likelihood):
    """p(x | z) = Π_pixels inner(x_p | x_<p, z), in raster order, all channels of a pixel at once.

    The decoder gives a feature map [features, H, W], no parameters; `net` reads it beside x and gives those of
    `inner`, any likelihood that is a product over pixels.
    """

    def __init__(self, inner: Likelihood, net: GatedPixelCNN) -> None:
        super().__init__(inner.x_shape)
        self.inner, self.net = inner, net

    @property
    def params_shape(self) -> Shape:
        return (self.net.features, *self.x_shape[1:])

    def forward(self, params: Tensor) -> Distribution:
        return AutoregressiveImages(self.inner, self.net, params)


class AutoregressiveImages(Distribution):
    """context [.., features, H, W] -> x [.., C, H, W]: its density takes one pass, a draw one for each pixel."""

    arg_constraints: dict = {}

    def __init__(self, inner: Likelihood, net: GatedPixelCNN, context: Tensor) -> None:
        self.inner, self.net, self.context = inner, net, context
        super().__init__(context.shape[:-3], Size(inner.x_shape), validate_args=False)

    @property
    def mean(self) -> Tensor:
        raise NotImplementedError("an autoregressive likelihood has no mean in closed form: draw a sample instead")

    def log_prob(self, value: Tensor) -> Tensor:
        batch = torch.broadcast_shapes(self.batch_shape, value.shape[:-3])
        x = value.to(self.context).expand(*batch, *self.event_shape).reshape(-1, *self.event_shape)
        context = self.context.expand(*batch, *self.context.shape[-3:]).reshape(-1, *self.context.shape[-3:])
        params = whole(self.net(self.inner.as_input(x), context))
        return self.inner(params).log_prob(x).reshape(batch)

    @torch.no_grad()
    def sample(self, sample_shape: Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        """Pixel by pixel. What a row needs of those above is computed once for it, within reach."""
        batch, (_, height, width) = (*sample_shape, *self.batch_shape), self.event_shape
        context = self.context.expand(*batch, *self.context.shape[-3:]).reshape(-1, *self.context.shape[-3:])
        x = context.new_zeros(len(context), *self.event_shape)
        for i in range(height):
            near = slice(max(0, i - self.net.reach), i + 1)
            known = self.net.above(self.inner.as_input(x[:, :, near]), context[:, :, near])
            known = [layer[:, :, -1:] for layer in known]
            for j in range(width):
                left = slice(max(0, j - self.net.reach), j + 1)
                row = self.inner.as_input(x[:, :, i : i + 1, left])
                params = whole(self.net.along(row, [layer[..., left] for layer in known]))
                x[:, :, i, j] = self.inner(params[..., -1:]).sample()[..., 0, 0]
        return x.reshape(*batch, *self.event_shape)
