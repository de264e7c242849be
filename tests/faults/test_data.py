"""Data that cannot be read, and the processes that read it."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from tests.faults.child import before, trained
from vaelab.callbacks import Noise
from vaelab.data.digits import Digits
from vaelab.errors import DataError, ResourceError


@pytest.mark.parametrize("damage", ["cut short", "empty", "text"])
def test_a_corrupt_image_is_code_4_with_its_path(damage: str, vaelab: Any, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for i in range(12):
        Image.fromarray(draw.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / f"{i:02}.png")
    bad = tmp_path / "07.png"
    content = bad.read_bytes()
    bad.write_bytes({"cut short": content[: len(content) // 2], "empty": b"", "text": b"not an image"}[damage])
    command = ("train", "data=folder", f"data.path={tmp_path}", "data.channels=1", "hydra.run.dir=run")
    code, _, err = vaelab(*command)
    assert code == DataError.code and "07.png" in err
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


class Workers(Digits):
    """Digits through processes of torch's DataLoader, as someone's own data may be."""

    def train_dataloader(self) -> Any:
        x = self.split("train").float()
        return DataLoader(TensorDataset(x), self.batch_size, num_workers=2, prefetch_factor=2, drop_last=True)


def test_a_killed_worker_of_a_loader_is_code_3_within_seconds(cfg: dict[str, Any], tmp_path: Path) -> None:
    killed_at = tmp_path / "killed"

    def act(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == 7:
            killed_at.write_text(str(time.time()))
            fetcher = trainer.fit_loop._data_fetcher
            # one of them: of two, the second death would be told while the first is
            os.kill(fetcher.combined_loader._iterator.iterators[0]._workers[0].pid, signal.SIGKILL)

    data = {**cfg["data"], "_target_": f"{Workers.__module__}.{Workers.__name__}", "batch_size": 32}
    folder = tmp_path / "run"
    code, said = trained({**cfg, "data": data}, folder, lambda: before(Noise, "on_train_batch_start", act))
    assert code == ResourceError.code, said
    assert said.count("note: the training batches are not vaelab.data.batches.Batch") == 1
    assert "DataLoader worker" in said and "/dev/shm" in said and "num_workers" in said and "Traceback" not in said
    # a batch or two that were fetched ahead may still be trained before the death is noticed, and it may be noticed
    # while a state is given its name
    assert re.search(rf"last(-new)?\.ckpt, of step (6|8|10): `vaelab train resume={re.escape(str(folder))}`", said), (
        said
    )
    assert time.time() - float(killed_at.read_text()) < 5
