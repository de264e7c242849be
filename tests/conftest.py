"""What all tests share: one cache, no network for wandb, and a way to run the program in this process."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True, scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Data decoded once for all tests of all workers."""
    os.environ.setdefault("VAELAB_CACHE", str(tmp_path_factory.getbasetemp().parent / "vaelab-cache"))


@pytest.fixture
def vaelab(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """`vaelab("train", "model=vae", …)` in tmp_path: (exit code, stdout, stderr)."""
    from vaelab.cli import run

    monkeypatch.chdir(tmp_path)
    main_module = sys.modules["__main__"]
    spec, argv = main_module.__spec__, sys.argv

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = run(list(arguments))
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    yield call
    main_module.__spec__, sys.argv = spec, argv
    os.environ.pop("HYDRA_FULL_ERROR", None)
