"""The benchmark's deep model by hand: residual top-down blocks in plain PyTorch. Nothing here knows vaelab."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# resolution, top-down blocks, bottom-up blocks: eight of the one and ten of the other
STAGES = ((32, 1, 2), (16, 2, 2), (8, 2, 2), (4, 2, 2), (1, 1, 2))
WIDTH, Z = 64, 16


class Block(nn.Module):
    def __init__(self, width: int, middle: int, out: int, side: int) -> None:
        super().__init__()
        kernel = 3 if side > 2 else 1
        self.c1 = nn.Conv2d(width, middle, 1)
        self.c2 = nn.Conv2d(middle, middle, kernel, padding=kernel // 2)
        self.c3 = nn.Conv2d(middle, middle, kernel, padding=kernel // 2)
        self.c4 = nn.Conv2d(middle, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.c4(F.gelu(self.c3(F.gelu(self.c2(F.gelu(self.c1(F.gelu(x))))))))


class Deep(nn.Module):
    """x [B, 1, 32, 32] in {0, 1} -> the negative ELBO, nats per image."""

    def __init__(self, width: int = WIDTH, z: int = Z) -> None:
        super().__init__()
        self.z, middle = z, width // 4
        self.read = nn.Conv2d(1, width, 3, padding=1)
        self.up = nn.ModuleList(
            nn.ModuleList(Block(width, middle, width, side) for _ in range(up)) for side, _, up in STAGES
        )
        sides = [side for side, down, _ in STAGES for _ in range(down)][::-1]  # from the top
        self.sides = sides
        self.q = nn.ModuleList(
            Block(width if i == 0 else 2 * width, middle, 2 * z, side) for i, side in enumerate(sides)
        )
        self.ahead = nn.ModuleList(Block(width, middle, 2 * z + width, side) for side in sides[1:])
        self.into = nn.ModuleList(nn.Conv2d(z, width, 1) for _ in sides)
        self.block = nn.ModuleList(Block(width, middle, width, side) for side in sides)
        self.maps = nn.ParameterList(nn.Parameter(torch.zeros(width, side, side)) for side, _, _ in STAGES[::-1])
        self.gain, self.bias = nn.Parameter(torch.ones(width, 1, 1)), nn.Parameter(torch.zeros(1))
        self.out = nn.Conv2d(width, 1, 1)
        with torch.no_grad():
            for blocks, n in ((self.block, len(sides)), ([b for s in self.up for b in s], 10)):
                for b in blocks:
                    b.c4.weight *= math.sqrt(1 / n)
            for b in self.ahead:
                b.c4.weight.zero_()

    def forward(self, x: Tensor) -> Tensor:
        h, seen = self.read(x), {}
        for (side, _, _), blocks in zip(STAGES, self.up, strict=True):
            if h.shape[-1] != side:
                h = F.avg_pool2d(h, h.shape[-1] // side)
            for block in blocks:
                h = h + block(h)
            seen[side] = h
        kl: Tensor | float = 0.0
        h = self.maps[0]
        for i, side in enumerate(self.sides):
            if i == 0:
                q, p = self.q[0](seen[side]), None
            else:
                if side != self.sides[i - 1]:
                    stage = sorted(set(self.sides)).index(side)
                    h = F.interpolate(h, size=(side, side), mode="nearest") + self.maps[stage]
                p, added = self.ahead[i - 1](h).split([2 * self.z, h.shape[1]], 1)
                q = self.q[i](torch.cat([seen[side], h], 1))
                h = h + added
            q_mean, q_log = q.chunk(2, 1)
            z = q_mean + q_log.exp() * torch.randn_like(q_mean)
            if p is None:
                kl = kl + 0.5 * (q_mean.square() + (2 * q_log).exp() - 2 * q_log - 1).sum()
            else:
                p_mean, p_log = p.chunk(2, 1)
                ratio = ((q_mean - p_mean).square() + (2 * q_log).exp()) * (-2 * p_log).exp()
                kl = kl + 0.5 * (ratio - 2 * (q_log - p_log) - 1).sum()
            h = h + self.into[i](z)
            h = h + self.block[i](h)
        logits = self.out(h * self.gain + self.bias)
        return (F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / len(x)
