"""units.jsonl: the units of each validation, whole or in groups."""

import json
from pathlib import Path

import pytest
import torch

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM
from vaelab import HVAE
from vaelab.callbacks import History, Noise
from vaelab.callbacks.units import MOST, told
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.metrics import LayerUnits
from vaelab.objective import Elbo


def layer(d: int, kl: bool = True) -> LayerUnits:
    values = torch.rand(d, dtype=torch.float64, generator=torch.Generator().manual_seed(d))
    return LayerUnits(values if kl else None, values / 10, values > 0.9)


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_each_validation_has_a_line_that_agrees_with_the_history(encoder: str, tmp_path: Path) -> None:
    module = HVAE(hierarchy([5, 2], encoder), Elbo(), ADAM())
    trainer = make_trainer(tmp_path, [Noise(), History(every_n_steps=100)], 3, enable_checkpointing=False)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(30), 7, 0, "val"))
    lines = [json.loads(line) for line in (tmp_path / "units.jsonl").read_text().splitlines()]
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    rows = [row for row in history if "val/elbo" in row]
    assert [(row["step"], row["epoch"]) for row in rows] == [(line["step"], line["epoch"]) for line in lines]
    assert len(lines) == 3
    for row, line in zip(rows, lines, strict=True):
        assert [part["layer"] for part in line["layers"]] == ["z1", "z2"]
        for part, d in zip(line["layers"], (5, 2), strict=True):
            assert set(part) == {"layer", "kl", "variance", "active"}
            assert len(part["variance"]) == len(part["active"]) == d
            assert sum(part["active"]) == row[f"val/active_units/{part['layer']}"]
            kl = row.get(f"val/kl/{part['layer']}")
            assert part["kl"] is None if kl is None else sum(part["kl"]) == pytest.approx(kl, rel=1e-4)


def test_without_a_hierarchy_that_knows_its_units_there_is_no_line() -> None:
    assert told([]) == []


@pytest.mark.parametrize(("depth", "d", "size"), [(1, 512, 1), (1, MOST, 1), (1, MOST + 1, 2), (43, 16384, 349)])
def test_layers_of_many_units_are_told_in_groups(depth: int, d: int, size: int) -> None:
    whole = layer(d)
    parts = told([whole] * depth)
    assert len(parts) == depth and parts[0].get("pooled", 1) == size
    assert sum(len(part["variance"]) for part in parts) <= MOST
    part = parts[-1]
    groups = [slice(i, i + size) for i in range(0, d, size)]
    assert whole.kl is not None
    assert part["kl"] == pytest.approx([whole.kl[group].sum().item() for group in groups], rel=1e-5)
    assert part["variance"] == pytest.approx([whole.variance[group].max().item() for group in groups], rel=1e-5)
    assert part["active"] == [bool(whole.active[group].any()) for group in groups]
    assert told([layer(d, kl=False)])[0]["kl"] is None
