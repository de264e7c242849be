"""One run that met no fault, to compare with."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.child import trained
from tests.training.test_resume import RUNS, SMALL
from vaelab import compose


@pytest.fixture(scope="session")
def cfg() -> dict[str, Any]:
    """A hierarchy with a moving average and a schedule: three epochs of five steps."""
    return compose(SMALL + RUNS["hvae"])


@pytest.fixture(scope="session")
def whole(cfg: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    code, said = trained(cfg, folder)
    assert code == 0, said
    return folder
