"""Names of a config, a checkpoint or a record become files: none leads out of the run folder."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.hostile import small
from vaelab.callbacks import unit_maps
from vaelab.callbacks.record_files import cut
from vaelab.callbacks.unit_maps import draw_units
from vaelab.config.check import check
from vaelab.config.doors import check_sample
from vaelab.config.names import is_part, stays
from vaelab.errors import ConfigError
from vaelab.logger.wandb import Wandb
from vaelab.pictures import Samples, refuse_unfit

OUT = ["../x", "a/../../x", "/tmp/x", "..", "x\0y"]


@pytest.mark.parametrize("name", OUT)
def test_no_name_leads_out(name: str) -> None:
    assert not is_part(name) and not stays(name)
    joined = (Path("/run") / name).resolve() if "\0" not in name else None
    assert joined is None or not joined.is_relative_to("/run/images")


@pytest.mark.parametrize("name", ["", "_epoch0003", "samples", "a b", "v0..1", "…", ".hidden"])
def test_ordinary_names_are_names(name: str) -> None:
    assert is_part(name) and stays(name)
    assert stays("a/b") and not is_part("a/b") and not is_part("a\\b") and not is_part("a\nb")


@pytest.mark.parametrize("name", [*OUT, "a/b"])
def test_a_picture_is_not_named_like_a_path(name: str) -> None:
    picture = Samples(rows=1, truncation=None, temperature=1.0)
    refuse_unfit({"samples": picture}, [3], 8)
    with pytest.raises(ConfigError, match="it names a file"):
        refuse_unfit({name: picture}, [3], 8, "callbacks.pictures.kinds")


@pytest.mark.parametrize("name", [*OUT, "/../../x"])
def test_a_suffix_is_no_path(name: str) -> None:
    with pytest.raises(ConfigError, match="suffix must be a part of a file's name"):
        check_sample({"run": "none", "suffix": name})


@pytest.mark.parametrize("name", OUT)
@pytest.mark.parametrize("key", ["name", "version", "sub_dir"])
def test_a_logger_is_not_told_to_write_elsewhere(name: str, key: str) -> None:
    for logger, target in (("tensorboard", "TensorBoardLogger"), ("csv", "CSVLogger")):
        node = {"_target_": f"pytorch_lightning.loggers.{target}", "_partial_": True, "version": "x", key: name}
        cfg: dict[str, Any] = {**small(), "logger": {logger: node}}
        with pytest.raises(ConfigError, match=rf"logger\.{logger}\.{key}=.* leads out of the run folder"):
            check(cfg)
        check({**cfg, "logger": {logger: {**node, key: "a/b"}}})


def test_a_record_speaks_of_layers_and_not_of_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"layer": name, "kl": [1.0], "variance": [1.0], "active": [True]} for name in ("z1", *OUT[:4])]
    lines = [json.dumps({"step": i, "epoch": i, "layers": layers}) for i in range(2)]
    (tmp_path / "units.jsonl").write_text("\n".join(lines))
    drawn: list[Path] = []
    monkeypatch.setattr(unit_maps, "write_heat_map", lambda path, *_: drawn.append(path))
    draw_units(SimpleNamespace(default_root_dir=tmp_path, is_global_zero=True, loggers=[], global_step=1))  # type: ignore[arg-type]
    assert drawn == [tmp_path / "images" / "units_z1.png"]


def test_a_checkpoint_cuts_no_other_file(tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    run.mkdir()
    other.write_text("someone's own")
    (run / "history.jsonl").write_text("1\n2\n")
    (run / "config.json").write_text("{}")
    cut(run, {"../other": 0, str(other): 0, "config.json": 0, "history.jsonl": 2})
    assert other.read_text() == "someone's own" and (run / "config.json").read_text() == "{}"
    assert (run / "history.jsonl").read_text() == "1\n", "its own it does"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run"]


@pytest.mark.parametrize("kept", ["../../x", "a/b", "", "a\nb", "\x1b[2J"])
def test_the_id_of_a_wandb_run_is_no_path(kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}
    monkeypatch.setattr("vaelab.logger.wandb.WandbLogger.__init__", lambda self, **given: said.update(given))
    monkeypatch.setattr(Wandb, "_wandb_init", {}, raising=False)
    for text, expected in ((kept, None), ("abc-12\n", "abc-12")):
        (tmp_path / "wandb_id").write_text(text)
        Wandb(str(tmp_path), project="p", name=None, group=None, tags=None, mode="offline")
        assert said["id"] == expected
