"""How the figures look: on white, for readers in the light and in the dark."""

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Okabe & Ito: told apart by those who do not see all colours
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#777777"
DPI = 110
STATES = ("#e3f4ec", "#fdf0d5", "#f9dcd3")  # alive, fading, collapsed


def figure(width: float, height: float) -> Figure:
    """Inches."""
    made = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(made)
    return made


def plain(ax: Axes, title: str = "", x: str = "", y: str = "") -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(title, fontsize=10)
    ax.set_xlabel(x, fontsize=9)
    ax.set_ylabel(y, fontsize=9)
    ax.tick_params(labelsize=8)
    return ax


def sheet(images: np.ndarray, columns: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """[N, C, H, W] as one picture of grey levels from 0 to 1, a light line between them."""
    n, _, h, w = images.shape
    rows = -(-n // columns)
    shown = np.full((rows * (h + 1) - 1, columns * (w + 1) - 1), 0.75)
    for i, image in enumerate(images):
        y, x = i // columns * (h + 1), i % columns * (w + 1)
        shown[y : y + h, x : x + w] = np.clip((image[0] - low) / (high - low), 0, 1)
    return shown


def show(ax: Axes, picture: np.ndarray, label: str = "", title: str = "") -> None:
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_ylabel(label, fontsize=9, rotation=0, ha="right", va="center")
    ax.set_title(title, fontsize=10)


def save(made: Figure, path: Path) -> None:
    """A PNG of 128 colours: the same bytes for the same figure."""
    buffer = io.BytesIO()
    made.savefig(buffer, format="png", metadata={"Software": None})
    few = Image.open(buffer).convert("RGB").quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    few.save(path, optimize=True)
