"""Rows of images with a word beside each, as a PNG."""

from pathlib import Path

import torch
from torch import Tensor


def write_grid(path: Path, title: str, rows: list[tuple[str, Tensor]], low: float = 0.0, high: float = 1.0) -> Path:
    """Each row is (label, images [N, C, H, W]); values from `low` (black) to `high` (white) are shown.

    A channel count that is neither 1 nor 3 shows the first channel.
    """
    # not pyplot: no global state, no window system
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    strips = [_strip(images, low, high) for _, images in rows]
    height, width = strips[0].shape[:2]
    scale = max(1.0, 64.0 * len(rows[0][1]) / width) / 100  # inches a pixel; an image is at least 0.64 inches wide
    label_width = 0.1 * max((len(label) for label, _ in rows), default=0)
    figure = Figure(figsize=(width * scale + label_width + 0.3, (height + 2) * scale * len(rows) + 0.6), dpi=100)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    grid = figure.subplots(len(rows), 1, squeeze=False)
    for axes, (label, _), strip in zip(grid[:, 0], rows, strips, strict=True):
        axes.imshow(strip.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
        for side in axes.spines.values():
            side.set_visible(False)
    figure.tight_layout(pad=0.4, h_pad=0.1)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", pad_inches=0.1)  # whatever the labels' width
    return path


def _strip(images: Tensor, low: float, high: float) -> Tensor:
    """[N, C, H, W] -> [H, N·(W+2), 3 or nothing], scaled to [0, 1], a grey gap between."""
    images = ((images.detach().float().cpu() - low) / max(high - low, 1e-12)).clamp(0, 1)
    if images.shape[1] not in (1, 3):
        images = images[:, :1]
    n, c, h, w = images.shape
    padded = torch.full((n, c, h, w + 2), 0.5)
    padded[..., :w] = images
    strip = padded.permute(2, 0, 3, 1).reshape(h, n * (w + 2), c)
    return strip[..., 0] if c == 1 else strip
