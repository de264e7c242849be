"""Truths that vaelab had no hand in: linear-Gaussian chains, with log p(x) and every conditional by matrix algebra."""

import math
from functools import partial

import torch
from torch import Tensor

from vaelab.decoder import Markov
from vaelab.distributions import ToNormal
from vaelab.encoder import BottomUp, Concatenate, PrecisionWeighted, Residual, TopDown
from vaelab.likelihood import Gaussian
from vaelab.model import Hierarchy
from vaelab.nn.linear import linear
from vaelab.posterior.diagonal import diagonal
from vaelab.prior import StandardNormal

VARIANCE = 0.3
MERGES = {"precision_weighted": PrecisionWeighted, "concatenate": Concatenate, "residual": Residual}
ENCODERS = ["bottom_up", *MERGES]


class LinearChain:
    """Two independent chains side by side, so that every conditional is diagonal without being trivial:

    z_L ~ N(0, I), z_{l-1} = a_l z_l + b_l + s_l ε, x = W z_1 + c + √VARIANCE ε, with W of two blocks of three.
    """

    def __init__(self, depth: int, seed: int = 0, scale: str = "free") -> None:
        g = torch.Generator().manual_seed(seed)
        rand = partial(torch.rand, generator=g, dtype=torch.float64)
        self.depth, self.scale = depth, scale
        self.a = 0.5 + rand(depth - 1, 2)
        self.b = rand(depth - 1, 2) - 0.5
        self.s = 0.3 + rand(depth - 1, 2)
        self.W = torch.zeros(6, 2, dtype=torch.float64)
        self.W[:3, 0], self.W[3:, 1] = 0.5 + rand(3), rand(3) - 1.5
        self.c = rand(6)
        # moments of (z_1, …, z_L, x), two chains each, from the top down
        n = 2 * depth
        mean, cov = torch.zeros(n, dtype=torch.float64), torch.zeros(n, n, dtype=torch.float64)
        top = slice(n - 2, n)
        cov[top, top] = torch.eye(2, dtype=torch.float64)
        for l in reversed(range(depth - 1)):
            here, above = slice(2 * l, 2 * l + 2), slice(2 * l + 2, 2 * l + 4)
            A = torch.diag(self.a[l])
            mean[here] = A @ mean[above] + self.b[l]
            cov[here, 2 * l + 2 :] = A @ cov[above, 2 * l + 2 :]
            cov[2 * l + 2 :, here] = cov[here, 2 * l + 2 :].T
            cov[here, here] = A @ cov[above, above] @ A.T + torch.diag(self.s[l] ** 2)
        Wz = torch.cat([self.W, torch.zeros(6, n - 2, dtype=torch.float64)], 1)
        self.mean = torch.cat([mean, Wz @ mean + self.c])
        self.cov = torch.zeros(n + 6, n + 6, dtype=torch.float64)
        self.cov[:n, :n] = cov
        self.cov[n:, :n] = Wz @ cov
        self.cov[:n, n:] = (Wz @ cov).T
        self.cov[n:, n:] = Wz @ cov @ Wz.T + VARIANCE * torch.eye(6, dtype=torch.float64)

    def sample(self, n: int, seed: int = 1) -> Tensor:
        """x [n, 1, 2, 3]."""
        g = torch.Generator().manual_seed(seed)
        noise = torch.randn(n, 6, generator=g, dtype=torch.float64)
        x = self.mean[-6:] + noise @ torch.linalg.cholesky(self.cov[-6:, -6:]).T
        return x.reshape(n, 1, 2, 3)

    def log_px(self, x: Tensor) -> Tensor:
        return torch.distributions.MultivariateNormal(self.mean[-6:], self.cov[-6:, -6:]).log_prob(x.flatten(1))

    def conditional(self, of: list[int], given: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """(G, g, C): of | given ~ N(G · given + g, C), by the Schur complement."""
        S = self.cov
        G = torch.linalg.solve(S[given][:, given], S[given][:, of]).T
        return G, self.mean[of] - G @ self.mean[given], S[of][:, of] - G @ S[given][:, of]

    def hierarchy(self, encoder: str) -> Hierarchy:
        """The model with its weights set to the truth and q to the exact posterior."""
        depth, z_dims, x_shape = self.depth, [2] * self.depth, (1, 2, 3)
        decoder = Markov(z_dims, x_shape, net=linear, scale=self.scale)
        states = [decoder.state_shape(l) for l in range(depth - 1)]
        posterior = partial(diagonal, scale=self.scale)
        if encoder == "bottom_up":
            enc = BottomUp(z_dims, x_shape, states, posterior, net=linear)
        else:
            enc = TopDown(z_dims, x_shape, states, posterior, net=linear, merge=MERGES[encoder])
        model = Hierarchy(StandardNormal(2), decoder, Gaussian(x_shape, variance=VARIANCE), enc).double()
        model.likelihood.log_scale.fill_(0.5 * math.log(VARIANCE))
        with torch.no_grad():
            _set(decoder.out.body[1], self.W, self.c)
            for l in range(depth - 1):
                _set_gaussian(decoder.heads[l], torch.diag(self.a[l]), self.b[l], self.s[l].log())
            self._set_encoder(enc, encoder)
        return model

    def _set_encoder(self, enc: torch.nn.Module, name: str) -> None:
        z = [[2 * l, 2 * l + 1] for l in range(self.depth)]
        x = list(range(2 * self.depth, 2 * self.depth + 6))
        for l in range(self.depth):
            top = l == self.depth - 1
            if name == "bottom_up":
                G, g, C = self.conditional(z[l], x if l == 0 else z[l - 1])
                _set_gaussian(enc.heads[l], G, g, 0.5 * C.diagonal().log())
            elif top:
                G, g, C = self.conditional(z[l], x)
                _set_gaussian(enc.heads[l], G, g, 0.5 * C.diagonal().log())
            elif name == "precision_weighted":
                # p(x | z_l) as a Gaussian in z_l: the posterior of z_l less the prior p(z_l)
                G, g, C = self.conditional(z[l], x)
                prior_mean, prior_var = self.mean[z[l]], self.cov[z[l]][:, z[l]].diagonal()
                var = 1 / (1 / C.diagonal() - 1 / prior_var)
                _set_gaussian(
                    enc.heads[l].seen,
                    var[:, None] * (G / C.diagonal()[:, None]),
                    var * (g / C.diagonal() - prior_mean / prior_var),
                    0.5 * var.log(),
                )
            else:
                G, g, C = self.conditional(z[l], x + z[l + 1])
                log_scale = 0.5 * C.diagonal().log()
                if name == "residual":
                    G[:, 6:] -= torch.diag(self.a[l])
                    g, log_scale = g - self.b[l], log_scale - self.s[l].log()
                _set_gaussian(enc.heads[l].read, G, g, log_scale)


def _set(layer: torch.nn.Linear, weight: Tensor, bias: Tensor) -> None:
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def _set_gaussian(head: ToNormal, weight: Tensor, bias: Tensor, log_scale: Tensor) -> None:
    """A head whose mean is affine and whose log scale is constant."""
    raw = log_scale
    layer = head.net if isinstance(head.net, torch.nn.Linear) else head.net.body[1]
    if head.raw is not None:
        _set(layer, weight, bias)
        head.raw.copy_(raw)
    else:
        _set(layer, torch.cat([weight, torch.zeros_like(weight)]), torch.cat([bias, raw]))
