import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.config.example import config, refused
from vaelab.config.check import check
from vaelab.config.foreign import FOREIGN

# what vaelab.training.build hands to the trainer, and what nothing here needs
HANDED = {"logger", "callbacks", "plugins", "default_root_dir", "use_distributed_sampler", "model_registry"}


def test_the_table_is_the_trainers_own_signature() -> None:
    """Read from Lightning's source, so that this test does not take Lightning's import."""
    spec = importlib.util.find_spec("pytorch_lightning")
    assert spec is not None and spec.submodule_search_locations
    tree = ast.parse(Path(spec.submodule_search_locations[0], "trainer", "trainer.py").read_text())
    trainer = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Trainer")
    init = next(n for n in trainer.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    known = set(FOREIGN["pytorch_lightning.Trainer"]) - {"compile", "channels_last"}  # ours
    assert known | HANDED == {arg.arg for arg in init.args.kwonlyargs}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("devices", 2), ("devices", [0, 1]), ("devices", "auto"), ("devices", -1),
        ("precision", "bf16-mixed"), ("limit_train_batches", 3), ("limit_train_batches", 0.5),
        ("limit_val_batches", 0), ("fast_dev_run", 2), ("gradient_clip_val", 1), ("deterministic", "warn"),
        ("max_time", {"hours": 1}), ("strategy", "ddp"), ("max_steps", -1), ("num_sanity_val_steps", -1),
        ("val_check_interval", 0.25),
    ],
)  # fmt: skip
def test_what_lightning_takes(key: str, value: Any) -> None:
    check(config({f"trainer.{key}": value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("devices", 0), ("devices", []), ("devices", "two"), ("precision", "bf17"), ("max_epochs", 0),
        ("limit_train_batches", 0), ("limit_train_batches", 1.5), ("gradient_clip_val", -1),
        ("log_every_n_steps", 0), ("accumulate_grad_batches", 0.5), ("deterministic", "wran"),
        ("accelerator", None), ("max_epcohs", 3), ("callbacks", []), ("enable_progress_bar", "no"),
    ],
)  # fmt: skip
def test_what_lightning_would_not_take(key: str, value: Any) -> None:
    assert key in str(refused(config({f"trainer.{key}": value})))
