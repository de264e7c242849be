"""What training a model takes in memory: what sharding could save, and what it could not.

python scripts/memory.py                                         the two published very deep models
python scripts/memory.py experiment=vdvae_cifar10 encoder.recompute=true decoder.recompute=true

State is weights, gradients, two moments and, where there is one, the moving average, in 32 bits: each process of DDP
has all of it. Activations are the tensors that a step keeps for its backward pass, in 32 bits.
"""

import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vaelab import compose
from vaelab.training.build import build_hierarchy
from vaelab.training.quiet import quiet

SHAPE, IMAGES = (3, 32, 32), 2
GIB = 2**30


def kept(hierarchy: Any) -> int:
    """Bytes that a forward pass of `IMAGES` images keeps, weights aside; each storage once."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in hierarchy.parameters()}
    found: dict[int, int] = {}
    alive: list[Tensor] = []  # so that no address is used twice

    def note(x: Tensor) -> Tensor:
        storage = x.untyped_storage()
        if storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
            alive.append(x)
        return x

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        hierarchy(torch.randint(0, 256, (IMAGES, *SHAPE)).float())
    return sum(found.values())


def row(overrides: Sequence[str]) -> str:
    cfg = compose([*overrides, "data=shapes"])  # the images are random: no data set is needed
    hierarchy = build_hierarchy(cfg, SHAPE, lambda n: torch.rand(n, *SHAPE))
    weights = sum(parameter.numel() for parameter in hierarchy.parameters())
    copies = 4 + ("ema" in cfg["callbacks"])
    name = " ".join(one.removeprefix("experiment=") for one in overrides)
    per_image = kept(hierarchy) / IMAGES
    return f"| {name} | {weights / 1e6:.0f} M | {4 * copies * weights / GIB:.2f} | {per_image / GIB:.2f} |"


def main() -> None:
    quiet()
    print("| model | weights | state, GiB a process | activations, GiB an image |", "|---|---:|---:|---:|", sep="\n")
    for asked in [sys.argv[1:]] if sys.argv[1:] else [["experiment=vdvae_cifar10"], ["experiment=vdvae_imagenet32"]]:
        print(row(asked), flush=True)


if __name__ == "__main__":
    main()
