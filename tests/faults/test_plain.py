"""What is written into a checkpoint or a config is plain, or refused before training starts."""

import argparse
import datetime
import enum
import functools
import json
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from omegaconf import OmegaConf

from tests.faults.hostile import SMALL
from vaelab import build, compose
from vaelab.errors import ConfigError
from vaelab.train import train
from vaelab.training.store import Store, load

Colour = enum.Enum("Colour", "RED")
Level = enum.IntEnum("Level", "LOW")

# as a checkpoint, as a config
KINDS: dict[str, tuple[Any, bool, bool]] = {
    "dict": ({"a": 1}, True, True),
    "list": ([1, 2.5, None, True], True, True),
    "tuple": ((1, "x"), True, True),
    "set": ({1, 2}, True, False),
    "OrderedDict": (OrderedDict(a=1), True, True),
    "Counter": (Counter("aab"), True, True),
    "dtype": (torch.float16, True, False),
    "device": (torch.device("cpu"), True, False),
    "tensor": (torch.ones(2), True, False),
    "size": (torch.Size([1, 2]), True, True),
    "DictConfig": (OmegaConf.create({"a": 1}), False, False),
    "ListConfig": (OmegaConf.create([1]), False, False),
    "path": (Path("x"), False, False),
    "NumPy number": (np.float64(1), False, False),
    "NumPy array": (np.ones(2), False, False),
    "partial": (functools.partial(print), False, False),
    "Enum": (Colour.RED, False, False),
    "IntEnum": (Level.LOW, False, False),
    "timedelta": (datetime.timedelta(1), False, False),
    "Namespace": (argparse.Namespace(a=1), False, False),
    "defaultdict": (defaultdict(int, a=1), False, False),
    "deque": (deque([1]), False, False),
    "class": (Path, False, False),
    "function": (print, False, False),
    "module": (torch.nn.Linear(1, 1), False, False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_is_plain_or_refused(kind: str, tmp_path: Path) -> None:
    value, plain, _ = KINDS[kind]
    path = tmp_path / "a.ckpt"
    if plain:
        Store().save_checkpoint({"x": [{"y": value}]}, path)
        found = load(path)["x"][0]["y"]
        assert type(found) is type(value) and (torch.equal(found, value) if kind == "tensor" else found == value)
    else:
        with pytest.raises(ConfigError, match=rf"x\[0\]\.y is a {type(value).__name__}"):
            Store().save_checkpoint({"x": [{"y": value}]}, path)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_called_plain_is_what_torch_reads_back(kind: str, tmp_path: Path) -> None:
    """The other way round: torch itself decides, but for some that it would read and that are refused all the same."""
    value, plain, _ = KINDS[kind]
    torch.save(value, tmp_path / "x.pt")
    if plain:
        torch.load(tmp_path / "x.pt", weights_only=True)
    else:
        with pytest.raises(Exception, match="Weights only load failed"):
            torch.load(tmp_path / "x.pt", weights_only=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_is_plain_or_refused_before_training(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(Exception):
        pass

    def begin(*_: Any) -> None:
        raise Begun

    monkeypatch.setattr("vaelab.training.build.build", begin)
    value, _, plain = KINDS[kind]
    cfg = {**compose(SMALL), "evaluation": {"x": [value]}}
    with pytest.raises(Begun if plain else ConfigError, match=None if plain else r"evaluation\.x\[0\] is a "):
        train(cfg, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    if plain:
        json.dumps(cfg)


class Remembers(pl.Callback):
    def state_dict(self) -> dict[str, Any]:
        return {"folder": Path("x")}


class Keeps(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters({"folder": Path("x")})


def test_what_a_piece_of_ones_own_would_keep_is_told_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"callbacks": {**compose(SMALL)["callbacks"], "mine": {"_target_": f"{__name__}.Remembers"}}}
    with pytest.raises(ConfigError, match=r"callbacks\.Remembers\.folder is a PosixPath"):
        build({**compose(SMALL), **own}, tmp_path)
    monkeypatch.setattr("vaelab.training.build.build_model", lambda *_: Keeps())
    with pytest.raises(ConfigError, match=r"module\.folder is a PosixPath"):
        build(compose(SMALL), tmp_path)
