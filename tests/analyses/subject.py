"""A small untrained model on small images, as an analysis is given it."""

from pathlib import Path

from tests.factory import hierarchy
from vaelab.analyses import Subject
from vaelab.data.digits import Digits
from vaelab.model import Hierarchy
from vaelab.objective import Elbo
from vaelab.training.load import Loaded
from vaelab.training.modules import HVAE


def subject(folder: Path, z_dims: list[int], seed: int = 0, max_rows: int = 500, **extra: object) -> Subject:
    """Of `tests.factory.hierarchy(z_dims, **extra)` on the test split of 8×8 digits, in its likelihood's units."""
    model: Hierarchy = hierarchy(z_dims, x_shape=(1, 8, 8), **extra)  # type: ignore[arg-type]
    data = Digits(batch_size=16, transform="auto")
    data.give(model.likelihood.takes, "likelihood", 0)
    module = HVAE(model, Elbo(), None, str(data.units)).eval()  # type: ignore[arg-type]
    return Subject(Loaded(module, data, {}, "best", 0), "test", seed, max_rows, folder)
