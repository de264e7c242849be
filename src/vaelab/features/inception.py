"""The Inception network of published FIDs."""

from pathlib import Path

import torch
from torch import Tensor

from vaelab.config.types import ExistingPath
from vaelab.data.cache import cache_folder
from vaelab.data.image_data import ImageData
from vaelab.errors import DataError
from vaelab.features.features import Features

FILE = "inception-2015-12-05.pt"


class Inception(Features):
    """The 2048 pooled features of Inception-v3 of 2015-12-05, as Heusel et al. 2017 used it.

    It is the TorchScript file of NVIDIA's StyleGAN repositories: it takes bytes [B, 3, H, W], resizes them to 299×299
    as the TensorFlow original did, and answers `return_features=True` with [B, 2048]. Grey images are given three
    times over. `path` is the file; null looks for `inception-2015-12-05.pt` in $VAELAB_CACHE, or ~/.cache/vaelab.
    Raises DataError for a file that is missing or is another network, and for images of 2 or of more than 3 channels.
    """

    def __init__(self, data: ImageData, *, path: ExistingPath | None) -> None:
        super().__init__()
        channels = data.x_shape[0]
        if channels not in (1, 3):
            raise DataError(
                f"features=inception looks at images of 1 or 3 channels; those of data={data.name} have {channels}"
            )
        file = cache_folder() / FILE if path is None else Path(path).expanduser()
        self.net, self.num_features = load(file)
        self.name, self.facts = "inception", {"file": str(file)}

    def forward(self, x: Tensor) -> Tensor:
        return self.net(_bytes(x), return_features=True)


def load(file: Path) -> tuple[torch.jit.ScriptModule, int]:
    """The network in eval mode, and how many features it gives."""
    if not file.is_file():
        raise DataError(
            f"features=inception: there is no {file}. It is the TorchScript file {FILE} of NVIDIA's StyleGAN2-ADA and "
            "StyleGAN3; put it there, or say where it is with features.path=<file>. features=classifier needs no file."
        )
    try:
        net = torch.jit.load(str(file), map_location="cpu").eval()
        with torch.no_grad():
            features = net(torch.zeros(1, 3, 32, 32, dtype=torch.uint8), return_features=True)
    except Exception as error:  # TorchScript raises RuntimeError for nearly anything, and others
        raise DataError(
            f"features=inception: {file} is no TorchScript network that takes bytes and return_features=True "
            f"({type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error).strip() else ''})"
        ) from error
    if not isinstance(features, Tensor) or features.dim() != 2:
        raise DataError(f"features=inception: {file} gives no features [B, d] of images [B, 3, H, W]")
    return net, features.shape[1]


def _bytes(x: Tensor) -> Tensor:
    """Grey or colour in [0, 1] as bytes [B, 3, H, W], rounded to the nearest."""
    return (x * 255).round().to(torch.uint8).expand(-1, 3, -1, -1)
