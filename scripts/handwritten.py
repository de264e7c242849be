"""The benchmark's yardstick: the same models and their training loops, written by hand in plain PyTorch.

Nothing here knows vaelab. `limit` is a loop with every trick that pays, `usual` the loop as tutorials have it.
Shapes: x [B, 1, H, W] in {0, 1}; losses in nats per image.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from handwritten_deep import Deep
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    """One latent layer: an encoder to mean and log variance, a decoder to logits."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> Tensor:
        mean, log_var = self.encoder(x).chunk(2, 1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        nll = F.binary_cross_entropy_with_logits(self.decoder(z), x.flatten(1), reduction="sum")
        kl = 0.5 * (mean.square() + log_var.exp() - log_var - 1).sum()
        return (nll + kl) / len(x)

    def log_weight(self, x: Tensor) -> Tensor:
        """log p(x, z) - log q(z | x) for one draw of z, [B]."""
        mean, log_var = self.encoder(x).chunk(2, 1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        log_px = -F.binary_cross_entropy_with_logits(self.decoder(z), x.flatten(1), reduction="none").sum(1)
        return log_px - 0.5 * z.square().sum(1) - _log_normal(z, mean, log_var)


class LVAE(nn.Module):
    """Five layers, inferred from the top down: the posterior is the product of p and what was seen in x."""

    def __init__(self, z_dims: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        depth = len(z_dims)
        self.up = nn.ModuleList(_two(n, w) for n, w in zip((784, *widths), widths, strict=False))
        self.seen = nn.ModuleList(nn.Linear(w, 2 * d) for w, d in zip(widths, z_dims, strict=True))
        self.down = nn.ModuleList(_two(z_dims[i + 1], widths[i + 1]) for i in range(depth - 1))
        self.prior = nn.ModuleList(nn.Linear(widths[i + 1], 2 * z_dims[i]) for i in range(depth - 1))
        self.out = nn.Sequential(_two(z_dims[0], widths[0]), nn.Linear(widths[0], 784))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        h, seen = x, []
        for up, head in zip(self.up, self.seen, strict=True):
            h = up(h)
            seen.append(head(h).chunk(2, 1))
        mean, log_var = seen[-1]
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        kl = 0.5 * (mean.square() + log_var.exp() - log_var - 1).sum()
        for i in reversed(range(len(self.prior))):
            p_mean, p_log_var = self.prior[i](self.down[i](z)).chunk(2, 1)
            x_mean, x_log_var = seen[i]
            p_precision, x_precision = torch.exp(-p_log_var), torch.exp(-x_log_var)
            var = 1 / (p_precision + x_precision)
            mean = (p_mean * p_precision + x_mean * x_precision) * var
            z = mean + var.sqrt() * torch.randn_like(mean)
            distance = (var + (mean - p_mean).square()) * p_precision
            kl = kl + 0.5 * (distance + p_log_var - var.log() - 1).sum()
        nll = F.binary_cross_entropy_with_logits(self.out(z), x, reduction="sum")
        return (nll + kl) / len(x)

    def log_weight(self, x: Tensor) -> Tensor:
        """log p(x, z) - log q(z | x) for one draw of every layer, [B]."""
        x = x.flatten(1)
        h, seen = x, []
        for up, head in zip(self.up, self.seen, strict=True):
            h = up(h)
            seen.append(head(h).chunk(2, 1))
        mean, log_var = seen[-1]
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        log_weight = -0.5 * z.square().sum(1) - _log_normal(z, mean, log_var)
        for i in reversed(range(len(self.prior))):
            p_mean, p_log_var = self.prior[i](self.down[i](z)).chunk(2, 1)
            x_mean, x_log_var = seen[i]
            p_precision, x_precision = torch.exp(-p_log_var), torch.exp(-x_log_var)
            var = 1 / (p_precision + x_precision)
            mean = (p_mean * p_precision + x_mean * x_precision) * var
            z = mean + var.sqrt() * torch.randn_like(mean)
            log_weight += _log_normal(z, p_mean, p_log_var) - _log_normal(z, mean, var.log())
        return log_weight - F.binary_cross_entropy_with_logits(self.out(z), x, reduction="none").sum(1)


def _log_normal(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Without the constant, which p and q share."""
    return -0.5 * (log_var + (z - mean).square() / log_var.exp()).sum(1)


def _two(n: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n, width), nn.LeakyReLU(0.1), nn.Linear(width, width), nn.LeakyReLU(0.1))


def mlp() -> VAE:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40))
    return VAE(encoder, nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784)))


def conv() -> VAE:
    encoder = nn.Sequential(
        *(nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 40)),
    )
    decoder = nn.Sequential(
        *(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 3136), nn.Unflatten(1, (64, 7, 7)), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Flatten()),
    )
    return VAE(encoder, decoder)


def lvae() -> LVAE:
    return LVAE((64, 32, 16, 8, 4), (512, 256, 128, 64, 32))


MODELS: dict[str, Callable[[], nn.Module]] = {"mlp": mlp, "conv": conv, "lvae": lvae, "deep": Deep}


def limit(model: nn.Module, x: Tensor, batch_size: int, tick: Callable[[int], None]) -> None:
    """Train for ever on x, uint8 [N, 1, H, W]: one tensor, index_select, 16 random bits a pixel, fused Adam.

    `tick(epoch)` is called before every step, here and in `usual`; they end by the exception it raises.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    epoch = 0
    while True:
        order = torch.randperm(len(x)).to(x.device)
        for start in range(0, len(x) - batch_size + 1, batch_size):
            grey = x.index_select(0, order[start : start + batch_size])
            bits = torch.empty(grey.numel() // 4, dtype=torch.int64, device=x.device).random_(-(2**63), None)
            threshold = grey.to(torch.int16).mul_(257).sub_(2**15)
            binary = (bits.view(torch.int16).view(grey.shape) < threshold).float()
            tick(epoch)
            loss = model(binary)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epoch += 1


def usual(model: nn.Module, x: Tensor, batch_size: int, tick: Callable[[int], None]) -> None:
    """The same training as it is usually written: a DataLoader over a TensorDataset, torch.bernoulli, Adam."""
    loader = DataLoader(TensorDataset(x.float().cpu() / 255), batch_size, shuffle=True, drop_last=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    epoch = 0
    while True:
        for (grey,) in loader:
            binary = torch.bernoulli(grey.to(x.device))
            tick(epoch)
            loss = model(binary)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epoch += 1


@torch.no_grad()
def importance_weighted(model: VAE | LVAE, images: Tensor, samples: int) -> Tensor:
    """log (1/K) Σ p(x, z) / q(z | x), K = `samples`, as it is usually written: image by image, 100 draws a pass,
    the image read by the encoder in each. images [N, 1, 28, 28] -> [N]."""
    bounds = []
    for image in images:
        log_weights = [model.log_weight(image.expand(100, 1, 28, 28)) for _ in range(samples // 100)]
        bounds.append(torch.logsumexp(torch.cat(log_weights), 0) - math.log(samples))
    return torch.stack(bounds)
