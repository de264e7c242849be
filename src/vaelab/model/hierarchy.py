"""The generative model and its one loop."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.decoder import Decoder
from vaelab.distributions import whole
from vaelab.encoder import Encoder
from vaelab.likelihood import Likelihood
from vaelab.model.terms import Latent, Terms
from vaelab.prior import Prior
from vaelab.proposal import Proposal


class Hierarchy(nn.Module):
    """p(x, z_1..L) = p(x | z) Π p(z_l | z_>l) p(z_L), with an encoder that proposes z for a given x.

    A VAE is the hierarchy of one layer. Seed equations 1 and 15; the encoder is equation 3 or 16.
    """

    def __init__(self, prior: Prior, decoder: Decoder, likelihood: Likelihood, encoder: Encoder) -> None:
        super().__init__()
        self.prior, self.decoder, self.likelihood, self.encoder = prior, decoder, likelihood, encoder
        self.z_dims = encoder.z_dims

    @property
    def depth(self) -> int:
        return len(self.z_dims)

    def generate(self, proposal: Proposal, x: Tensor | None = None) -> Terms:
        """Draw every layer from the top down, each from `proposal`, and read the data's likelihood.

        x: [B, C, H, W] or None. The one loop: training, sampling, reconstruction and resampling differ only in the
        proposal.
        """
        h: Any = None
        latents: list[Latent] = []
        for l in reversed(range(self.depth)):
            p = self.prior(self.q_top) if h is None else self.decoder.p(l, h)
            z, q, aligned = proposal(l, h, p)
            latents.append(Latent(z, q, p, aligned))
            h = self.decoder.update(l, h, z)
        px = self.likelihood(whole(self.decoder.params(h)))
        return Terms(tuple(reversed(latents)), px, None if x is None else px.log_prob(x))

    def forward(self, x: Tensor, samples: int | None = None) -> Terms:
        """One pass with z from the encoder: z is [B, d], or [samples, B, d] when `samples` is given."""
        shape = () if samples is None else (samples,)
        return self.generate(self.encoder.propose(self.encode(x), shape), x)

    def encode(self, x: Tensor) -> Any:
        """All that the encoder needs of x [B, C, H, W], computed once: what `encoder.propose` draws from."""
        x = self.likelihood.as_input(x)
        # a trainer may have made the weights 64 bits
        return self.encoder.encode(x.to(torch.promote_types(x.dtype, torch.get_default_dtype())))

    def q_top(self, x: Tensor) -> Distribution:
        """q(z_L | x), where it hangs on x alone."""
        return self.encoder.top(self.encode(x))
