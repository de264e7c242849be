"""A small convolutional network, and how it is trained to tell classes apart."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaelab.features.tasks import Task
from vaelab.seeding import noise_key


class Net(nn.Module):
    """Images [B, C, H, W] in [0, 1] -> features [B, width]; `logits` goes on to the classes [B, classes].

    Any size of image: three convolutions, then an average over a 4×4 grid. The features are those before the last
    non-linearity, which are nearer to the Gaussian that FID takes them for. `standardise` gives them a mean of 0 and
    one scale, so that their distances are in units of the data's own spread.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(64 * 16, width),
        )
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(width, classes))

        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return (self.body(2 * x - 1) - self.centre) / self.scale

    def logits(self, x: Tensor) -> Tensor:
        return self.head(self.body(2 * x - 1))


def train(net: Net, task: Task, steps: Iterable[int], n_steps: int, batch_size: int, lr: float, seed: int) -> None:
    """Cross-entropy of the task's classes; Adam, its rate falling to 0 over the steps.

    Every batch is drawn with replacement, from `seed` alone. `steps` counts to `n_steps`, with a bar or without.
    """
    optimizer = torch.optim.Adam(net.parameters(), lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    generator = torch.Generator().manual_seed(noise_key(seed, "features"))
    net.train()
    for _ in steps:
        x, labels = task.batch(torch.randint(len(task), (batch_size,), generator=generator))
        loss = F.cross_entropy(net.logits(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    net.eval()


@torch.no_grad()
def accuracy(net: Net, task: Task) -> float:
    """The share of images whose class the network tells."""
    right = 0
    for rows in torch.arange(len(task)).split(500):
        x, labels = task.batch(rows)
        right += int((net.logits(x).argmax(1) == labels).sum())
    return right / len(task)


@torch.no_grad()
def standardise(net: Net, task: Task) -> None:
    """From here on the features of the task's images have mean 0, and variance 1 on average over their dimensions.

    One scale for all: it leaves the geometry that the network has learnt. At most 10 000 images are looked at.
    """
    rows = torch.linspace(0, len(task) - 1, min(len(task), 10_000)).round().long()
    features = torch.cat([net(task.batch(some)[0]) for some in rows.split(500)])
    net.centre.copy_(features.mean(0))
    net.scale.copy_(features.var(0).mean().sqrt().clamp(min=1e-6))
