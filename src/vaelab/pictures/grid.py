"""Rows of images with words beside and above them, as a PNG."""

import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

DPI = 100
CELL = 64  # pixels an image is wide, at the least
GAP = 2
MARGIN = 10
WIDTH = 480  # room for the title


@dataclass(frozen=True)
class Grid:
    """A title, rows of (label, images [N, C, H, W]), and a word above each column where there is one to say."""

    title: str
    rows: list[tuple[str, Tensor]]
    columns: list[str] = field(default_factory=list)


def write_grid(path: Path, grid: Grid, low: float = 0.0, high: float = 1.0, note: str = "") -> Path:
    """Values from `low` (black) to `high` (white) are shown, pixel by pixel; `note` stands small below the title.

    A channel count that is neither 1 nor 3 shows the first channel.
    """
    # not pyplot: no global state, no window system
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.transforms import IdentityTransform

    shape = grid.rows[0][1].shape
    zoom = max(1, round(CELL / shape[3]))
    cell_h, cell_w = zoom * shape[2] + GAP, zoom * shape[3] + GAP
    sheet = _sheet([images for _, images in grid.rows], zoom, low, high)

    figure = Figure(dpi=DPI)
    renderer = FigureCanvasAgg(figure).get_renderer()

    def write(x: float, y: float, text: str, size: float, **style: Any) -> tuple[float, float]:
        """Put a text at pixels from the lower left corner; its width and height."""
        box = figure.text(x, y, text, fontsize=size, transform=IdentityTransform(), **style).get_window_extent(renderer)
        return box.width, box.height

    def measure(text: str, size: float) -> tuple[float, float]:
        found = write(0, 0, text, size)
        figure.texts[-1].remove()
        return found

    left = MARGIN + max(measure(label, 9)[0] + 8 if label else 0 for label, _ in grid.rows)
    width = max(left + sheet.shape[1] + MARGIN, WIDTH)
    a_letter = measure(grid.title, 10)[0] / len(grid.title)
    # p(x | z) is one word
    unbroken = grid.title.replace(" | ", "\u00a0|\u00a0")
    title = textwrap.fill(unbroken, int((width - 2 * MARGIN) / a_letter * 0.97))
    heads = [(title, 10.0, "black")] + ([(note, 8.0, "dimgray")] if note else [])
    above = sum(measure(text, size)[1] + 7 for text, size, _ in heads) + (18 if grid.columns else 2)
    bottom = float(MARGIN)
    height = MARGIN + above + sheet.shape[0] + bottom
    figure.set_size_inches(round(width) / DPI, round(height) / DPI)

    y = height - MARGIN
    for text, size, color in heads:
        y -= write(MARGIN, y, text, size, color=color, va="top", ha="left")[1] + 7
    top = bottom + sheet.shape[0]
    for i, word in enumerate(grid.columns):
        write(left + i * cell_w + (cell_w - GAP) / 2, top + 4, word, 8, ha="center", va="bottom")
    for i, (label, _) in enumerate(grid.rows):
        write(left - 8, top - i * cell_h - (cell_h - GAP) / 2, label, 9, ha="right", va="center")
    figure.figimage(sheet.numpy(), xo=round(left), yo=round(bottom), origin="upper")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    return path


def _sheet(rows: list[Tensor], zoom: int, low: float, high: float) -> Tensor:
    """All images on grey, [H, W, 3] in [0, 1]; a short row leaves white."""
    strips = [_strip(images, zoom, low, high) for images in rows]
    sheet = torch.ones(sum(len(strip) for strip in strips), max(strip.shape[1] for strip in strips), 3)
    y = 0
    for strip in strips:
        sheet[y : y + len(strip), : strip.shape[1]] = strip
        y += len(strip)
    return sheet[:-GAP, :-GAP]


def _strip(images: Tensor, zoom: int, low: float, high: float) -> Tensor:
    """[N, C, H, W] -> [H·zoom + GAP, N·(W·zoom + GAP), 3]."""
    images = ((images.detach().float().cpu() - low) / max(high - low, 1e-12)).clamp(0, 1)
    if images.shape[1] not in (1, 3):
        images = images[:, :1]
    images = images.expand(-1, 3, -1, -1).repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    n, c, h, w = images.shape
    padded = torch.full((n, c, h + GAP, w + GAP), 0.6)
    padded[..., :h, :w] = images
    return padded.permute(2, 0, 3, 1).reshape(h + GAP, n * (w + GAP), c)
