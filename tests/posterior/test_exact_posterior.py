"""Where the exact posterior has correlations: a family that holds it gives log p(x) with every draw."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from tests.factory import DIAGONAL
from vaelab.decoder import Markov
from vaelab.encoder import BottomUp, Concatenate, TopDown
from vaelab.likelihood import Gaussian
from vaelab.model import Hierarchy
from vaelab.nn.linear import linear
from vaelab.posterior.full_covariance import full_covariance
from vaelab.posterior.low_rank import low_rank
from vaelab.prior import StandardNormal

F64 = torch.float64
VARIANCE = 0.25
FAMILIES = {
    "full_covariance": partial(full_covariance, layers=None),
    "low_rank": partial(low_rank, rank=2, layers=None),
    "diagonal": DIAGONAL,
}


class Chain:
    """z_2 ~ N(0, I), z_1 = A z_2 + b + s ε, x = W z_1 + c + √VARIANCE ε with A 2×2 and W 3×2 full: every conditional of
    z given x is correlated. Of one layer, z_1 ~ N(0, I)."""

    def __init__(self, depth: int) -> None:
        g = torch.Generator().manual_seed(4)
        self.depth = depth
        self.A, self.b = torch.randn(2, 2, generator=g, dtype=F64), torch.randn(2, generator=g, dtype=F64)
        self.W, self.c = torch.randn(3, 2, generator=g, dtype=F64), torch.randn(3, generator=g, dtype=F64)
        self.s = torch.tensor([0.6, 0.8], dtype=F64)
        # (z_1, .., z_L, x) = offset + mix · independent noise
        eye, n = torch.eye(2, dtype=F64), 2 * depth
        z1 = torch.cat([torch.diag(self.s), self.A], 1) if depth == 2 else eye
        rows = [z1, *([torch.cat([0 * eye, eye], 1)] if depth == 2 else []), self.W @ z1]
        mix = torch.cat([torch.cat(rows), torch.zeros(n + 3, 3, dtype=F64)], 1)
        mix[n:, n:] = VARIANCE**0.5 * torch.eye(3, dtype=F64)
        self.cov = mix @ mix.T
        b = self.b if depth == 2 else 0 * self.b
        self.mean = torch.cat([b, *([0 * b] if depth == 2 else []), self.W @ b + self.c])
        self.z, self.x = [[2 * l, 2 * l + 1] for l in range(depth)], [n, n + 1, n + 2]

    def conditional(self, of: list[int], given: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """(G, g, C): of | given ~ N(G · given + g, C)."""
        S = self.cov
        G = torch.linalg.solve(S[given][:, given], S[given][:, of]).T
        return G, self.mean[of] - G @ self.mean[given], S[of][:, of] - G @ S[given][:, of]

    def hierarchy(self, encoder: str, family: str) -> Hierarchy:
        z_dims, shape, posterior = [2] * self.depth, (1, 1, 3), FAMILIES[family]
        decoder = Markov(z_dims, shape, net=linear, scale="free")
        states = [decoder.state_shape(l) for l in range(self.depth - 1)]
        if encoder == "bottom_up":
            enc = BottomUp(z_dims, shape, states, posterior, net=linear)
        else:
            enc = TopDown(z_dims, shape, states, posterior, net=linear, merge=Concatenate)
        model = Hierarchy(StandardNormal(2), decoder, Gaussian(shape, variance=VARIANCE), enc).double()
        model.likelihood.log_scale.fill_(0.5 * math.log(VARIANCE))  # made in 32 bits
        with torch.no_grad():
            _set(decoder.out.body[1], self.W, self.c)
            if self.depth == 2:
                _set(decoder.heads[0].net.body[1], self.A, torch.cat([self.b, self.s.log()]))
            for l in range(self.depth):
                below = self.x if l == 0 else self.z[l - 1]
                top = l == self.depth - 1
                given = below if encoder == "bottom_up" else self.x if top else self.x + self.z[l + 1]
                G, g, C = self.conditional(self.z[l], given)
                assert abs(C[0, 1]) > 0.1 * (C[0, 0] * C[1, 1]).sqrt(), "correlated, or the test says nothing"
                head = enc.heads[l] if encoder == "bottom_up" or top else enc.heads[l].read
                net = head.net if isinstance(head.net, torch.nn.Linear) else head.net.body[1]
                _set(net, G, torch.cat([g, *_covariance(C, family)]))
        return model


def _covariance(C: Tensor, family: str) -> list[Tensor]:
    """What a head has to give beside the mean for the covariance C, or the nearest the family has."""
    if family == "full_covariance":
        L = torch.linalg.cholesky(C)
        return [L.diagonal().log(), L[1:, 0]]
    if family == "low_rank":
        noise = 0.5 * torch.linalg.eigvalsh(C)[0].expand(2)
        return [0.5 * noise.log(), torch.linalg.cholesky(C - torch.diag(noise)).flatten()]
    return [0.5 * C.diagonal().log()]


def _set(layer: torch.nn.Linear, weight: Tensor, bias: Tensor) -> None:
    layer.weight.zero_()
    layer.weight[: len(weight)].copy_(weight)
    layer.bias.copy_(bias)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_draw_weighs_log_px_where_the_family_holds_the_posterior(depth: int, encoder: str, family: str) -> None:
    chain = Chain(depth)
    truth = MultivariateNormal(chain.mean[-3:], chain.cov[-3:, -3:])
    torch.manual_seed(0)
    x = truth.sample((7,))
    terms = chain.hierarchy(encoder, family)(x.reshape(7, 1, 1, 3), samples=2000)
    apart = terms.log_weight - truth.log_prob(x)
    if family == "diagonal":
        assert apart.mean() < -0.01 - 4 * apart.mean(1).std() / 2000**0.5
    else:
        torch.testing.assert_close(apart, torch.zeros_like(apart), atol=1e-10, rtol=0)
