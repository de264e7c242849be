"""The mixture of logistics of PixelCNN++ and VDVAE, cut into the 256 bytes."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Categorical, Distribution

from vaelab.config.types import PositiveInt
from vaelab.errors import ConfigError
from vaelab.likelihood.discretised import MAX_LOG_SCALE, Bins, on_line
from vaelab.likelihood.discretised_logistic import LOGISTIC
from vaelab.likelihood.likelihood import Likelihood
from vaelab.nn import Shape


class DiscretisedLogisticMixture(Likelihood):
    """p(x | z) = Π_pixels Σ_k π_k Π_c P(x_c; μ_kc, s_kc), P the mass in a bin; log-probability in nats.

    With three channels the means know the colours before them, y being x on [-1, 1] (Salimans et al. 2017, eqs. 2, 3;
    Child 2021): m_G = μ_G + α y_R, m_B = μ_B + β y_R + γ y_G, and α, β, γ are tanh of what the decoder gives.
    Planes: the logits of π, then for each k its μ_c, its log s_c and, with three channels, α, β, γ. log s stays above
    `min_log_scale`. Raises ConfigError for images of neither 1 nor 3 channels.
    """

    takes = ("byte",)

    def __init__(self, x_shape: Shape, *, mixtures: PositiveInt, min_log_scale: float) -> None:
        super().__init__(x_shape)
        if x_shape[0] not in (1, 3):
            raise ConfigError(
                f"likelihood=discretised_logistic_mixture is for images of 1 or 3 channels, these have {x_shape[0]}: "
                "use likelihood=discretised_logistic or likelihood=categorical"
            )
        self.mixtures, self.min_log_scale = mixtures, min_log_scale

    @property
    def params_shape(self) -> Shape:
        c, *size = self.x_shape
        return (self.mixtures * (10 if c == 3 else 3), *size)

    def forward(self, params: Tensor) -> Distribution:
        return MixtureImages(params, self.x_shape[0], self.mixtures, self.min_log_scale)


class MixtureImages(Distribution):
    """K components at every pixel. Inside: logits [.., K, H, W]; loc, log_scale and coupling [.., K, C, H, W]."""

    arg_constraints: dict = {}

    def __init__(self, params: Tensor, channels: int, mixtures: int, min_log_scale: float, levels: int = 256) -> None:
        self.levels = levels
        self.logits, rest = params.tensor_split([mixtures], dim=-3)
        rest = rest.unflatten(-3, (mixtures, -1))
        loc, raw, coupling = rest.tensor_split([channels, 2 * channels], dim=-3)
        self.loc, self.coupling = loc, torch.tanh(coupling)
        self.log_scale = raw.clamp(min_log_scale, MAX_LOG_SCALE)
        event = torch.Size((channels, *params.shape[-2:]))
        super().__init__(params.shape[:-3], event, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        x = value.unsqueeze(-4).to(self.loc.dtype)
        loc = self.loc
        if self.event_shape[0] == 3:
            red, green, _ = on_line(x, self.levels).unbind(-3)
            alpha, beta, gamma = self.coupling.unbind(-3)
            shift = torch.stack([torch.zeros_like(alpha * red), alpha * red, beta * red + gamma * green], -3)
            loc = loc + shift
        per_component = Bins(loc, self.log_scale, LOGISTIC, self.levels).log_prob(x).sum(-3)
        per_pixel = torch.logsumexp(self.logits.log_softmax(-3) + per_component, -3)
        return per_pixel.flatten(-2).sum(-1)

    @property
    def mean(self) -> Tensor:
        """Σ_k π_k E_k[x], [.., C, H, W] in bytes.

        E_k of one channel, and of red, is exact. E_k of green and blue takes the colours before them at their means:
        exact as long as a component stays off the first and last bins.
        """
        means = self._colour_by_colour(Bins.mean, self.loc, self.log_scale, self.coupling)
        return (self.logits.softmax(-3).unsqueeze(-3) * means).sum(-4)

    def sample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        k = Categorical(logits=self.logits.movedim(-3, -1), validate_args=False).sample(torch.Size(sample_shape))

        def of_component(values: Tensor) -> Tensor:
            c = values.shape[-3]
            index = k[..., None, None, :, :].expand(*k.shape[:-2], 1, c, *k.shape[-2:])
            return values.expand(*sample_shape, *values.shape).gather(-4, index).squeeze(-4)

        parts = [of_component(values) for values in (self.loc, self.log_scale, self.coupling)]
        return self._colour_by_colour(Bins.sample, *parts)

    def _colour_by_colour(
        self, value_of: Callable[[Bins], Tensor], loc: Tensor, log_scale: Tensor, coupling: Tensor
    ) -> Tensor:
        """[.., C, H, W] in bytes, each colour given by `value_of` its bins, which know the colours before it."""
        colours: list[Tensor] = []
        for c in range(self.event_shape[0]):
            middle = loc[..., c, :, :]
            for before, colour in enumerate(colours):
                # α, β and γ by their place: green has one colour before it, blue has two
                middle = middle + coupling[..., c - 1 + before, :, :] * on_line(colour, self.levels)
            colours.append(value_of(Bins(middle, log_scale[..., c, :, :], LOGISTIC, self.levels)))
        return torch.stack(colours, -3)
