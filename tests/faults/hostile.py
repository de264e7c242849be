"""Run folders as an attacker would write them. Each payload leaves a marker file where it runs."""

import hashlib
import json
import pickle
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import torch

from vaelab import compose

SMALL = [
    *("data=digits", "data.batch_size=256", "encoder.net.widths=[8]", "decoder.net.widths=[8]", "trainer.max_epochs=1"),
    *("logger=csv", "threads=1", "diagnosis=null", "report=false", "evaluation.iw_samples=2", "model.z_dims=[3]"),
    *("~callbacks.pictures", "~callbacks.collapse"),
]


@cache
def small() -> dict[str, Any]:
    """Composed once: to be copied, not changed."""
    return compose(SMALL)


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.marker,)


def write_config(folder: Path, config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def write_checkpoint(path: Path, state: Any) -> Path:
    """With a manifest that agrees: who can write the one can write the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    data = path.read_bytes()
    manifest = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "step": 3, "epoch": 0}
    path.with_name(path.name + ".json").write_text(json.dumps(manifest))
    return path


def said(folder: Path, overrides: list[Any], name: str = "overrides.yaml") -> Path:
    """A run folder in which `overrides` are said to have been typed."""
    write_config(folder, small())
    (folder / ".hydra").mkdir(exist_ok=True)
    (folder / ".hydra" / name).write_text(json.dumps(overrides))
    return folder


def targets(marker: Path) -> dict[str, dict[str, Any]]:
    """Nodes of which each makes the marker when it is built, by the trick that it uses."""
    here, path, shell = marker.parent, str(marker), f"touch {marker}"
    as_path, empty = ({"_target_": "pathlib.Path", "_args_": [str(file)]} for file in (marker, here / "empty"))
    loop = {"version": 1, "handlers": {"f": {"class": "logging.FileHandler", "filename": path}}}
    return {
        "os": {"_target_": "os.system", "command": shell},
        "posix": {"_target_": "posix.system", "command": shell},
        "popen": {"_target_": "os.popen", "cmd": shell},
        "subprocess": {"_target_": "subprocess.check_output", "args": shell, "shell": True},
        "spawn": {"_target_": "setuptools._distutils.spawn.spawn", "cmd": ["touch", path]},
        "exec": {"_target_": "builtins.exec", "_args_": [f"open({path!r}, 'w')"]},
        "eval": {"_target_": "builtins.eval", "_args_": [f"open({path!r}, 'w')"]},
        "open": {"_target_": "builtins.open", "file": path, "mode": "w"},
        "io": {"_target_": "io.open", "file": path, "mode": "w"},
        "copy": {"_target_": "shutil.copyfile", "src": str(here / "empty"), "dst": path},
        "makedirs": {"_target_": "os.makedirs", "name": path},
        "logging": {"_target_": "logging.FileHandler", "filename": path},
        "dictConfig": {"_target_": "logging.config.dictConfig", "config": loop},
        "torch.load": {"_target_": "torch.load", "f": str(here / "evil.pt"), "weights_only": False},
        "torch.hub": {"_target_": "torch.hub.load", "repo_or_dir": str(here), "model": "model", "source": "local"},
        "numpy": {"_target_": "numpy.load", "file": str(here / "evil.pkl"), "allow_pickle": True},
        "pandas": {"_target_": "pandas.read_pickle", "filepath_or_buffer": str(here / "evil.pkl")},
        "joblib": {"_target_": "joblib.load", "filename": str(here / "evil.pkl")},
        "numpy.save": {"_target_": "numpy.savetxt", "fname": path, "X": [1.0]},
        "runpy": {"_target_": "runpy.run_path", "path_name": str(here / "hubconf.py")},
        "own json": {"_target_": "vaelab.atomic.write_json", "path": as_path, "content": 1},
        "own alias": {"_target_": "vaelab.training.load.Path.touch", "_args_": [as_path]},
        "own remover": {"_target_": "vaelab.training.store.move", "path": empty, "to": as_path},
    }


def prepare(marker: Path) -> Path:
    """The files that the payloads need, beside the marker."""
    here = marker.parent
    here.mkdir()
    (here / "evil.pkl").write_bytes(pickle.dumps(Payload(marker)))
    torch.save(Payload(marker), here / "evil.pt")
    (here / "hubconf.py").write_text(f"open({str(marker)!r}, 'w').close()\ndef model(): pass\n")
    for name in ("empty", "empty.json"):
        (here / name).touch()
    return marker


def run(node: Any) -> Any:
    """What a config reader without any guard does."""
    if isinstance(node, list):
        return [run(one) for one in node]
    if not isinstance(node, dict) or "_target_" not in node:
        return node
    called = pytest.importorskip(node["_target_"].split(".")[0]) and resolve_name(node["_target_"])
    given = {key: run(value) for key, value in node.items() if key not in ("_target_", "_args_")}
    return called(*run(node.get("_args_", [])), **given)
