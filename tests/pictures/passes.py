"""The records of the passes that a picture makes."""

import pytest

from tests.factory import images
from vaelab.model import Hierarchy, Terms
from vaelab.pictures import Grid, Picture
from vaelab.seeding import seed_noise


def passes_of(
    picture: Picture, model: Hierarchy, monkeypatch: pytest.MonkeyPatch, n: int = 6
) -> tuple[Grid, list[Terms]]:
    """The grid of a picture of `n` images, and every pass of the one loop behind it, in order."""
    passes: list[Terms] = []
    generate = Hierarchy.generate

    def noted(self: Hierarchy, *arguments: object) -> Terms:
        passes.append(generate(self, *arguments))  # type: ignore[arg-type]
        return passes[-1]

    seed_noise(0)
    with monkeypatch.context() as patch:
        patch.setattr(Hierarchy, "generate", noted)
        return picture(model, images(n)), passes
