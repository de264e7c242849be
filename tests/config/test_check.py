import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.config.example import GONE, config, package, refused
from vaelab.config.check import check
from vaelab.config.paths import CONF, compose
from vaelab.errors import ConfigError, DataError

BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"model.z_dims": []},
        "model.z_dims must be a list of one or more, each a whole number, 1 or above, not []",
    ),
    ({"model.z_dims": [4, 0]}, "model.z_dims[1] must be a whole number, 1 or above, not 0"),
    ({"model.z_dims": 4}, "model.z_dims must be a list of one or more"),
    ({"model.z_dims": GONE}, "model must have either z_dims or stages, not neither"),
    ({"data.batch_size": 0}, "data.batch_size must be a whole number, 1 or above, not 0"),
    ({"data.batch_size": "abc"}, "data.batch_size must be a whole number, 1 or above, not 'abc'"),
    ({"data.batch_size": True}, "data.batch_size must be a whole number, 1 or above, not true"),
    ({"data.batch_size": 3.5}, "data.batch_size must be"),
    ({"data.batch_size": GONE}, "data.batch_size is missing: it must be a whole number, 1 or above"),
    ({"data.batch_sise": 3}, "data has no setting 'batch_sise'; did you mean 'batch_size'?"),
    ({"data.transform": "scalling"}, "data.transform must be one of"),
    ({"data.batch_size": "???"}, "data.batch_size is not set: give data.batch_size=<value>, a whole number"),
    (
        {"optimizer.lr": "1e-3"},
        "optimizer.lr must be a number above 0, not '1e-3' (this is text; YAML wants 1.0e-3",
    ),
    ({"optimizer.lr": math.nan}, "optimizer.lr must be a number above 0, not nan"),
    ({"optimizer.lr": math.inf}, "optimizer.lr must be a number above 0, not inf"),
    ({"optimizer.betas": [0.9, 1.5]}, "optimizer.betas[1] must be a number from 0 to 1, not 1.5"),
    ({"optimizer.cosine_decay": "yes"}, "optimizer.cosine_decay must be true or false, not 'yes'"),
    ({"decoder.net.widths": [4, "a"]}, "decoder.net.widths[1] must be a whole number, 1 or above, not 'a'"),
    ({"decoder.net": "conv"}, "a file of that group is chosen with decoder/net=conv"),
    (
        {"decoder.net._target_": "vaelab.nn.mpl.mlp"},
        "decoder.net._target_: vaelab.nn.mpl.mlp does not exist; did you",
    ),
    ({"optimizer.algorithm._target_": "Adam"}, "optimizer.algorithm._target_: must be a dotted name"),
    ({"prior._partial_": "yes"}, "prior._partial_ must be true or false, not 'yes'"),
    ({"likelihood.variance": 1.0}, "likelihood has no setting 'variance'; it has none"),
    ({"evaluation.iw_samples": None}, "evaluation.iw_samples must be a whole number, 1 or above, not null"),
    ({"callbacks.pictures": None}, "callbacks.pictures must be a group with a _target_, not null"),
]


@pytest.mark.parametrize(("changes", "start"), BAD)
def test_each_fault_is_one_paragraph_that_names_the_setting(changes: dict[str, Any], start: str) -> None:
    error = refused(config(changes))
    assert start in str(error) and "\n" not in str(error)
    assert next(iter(changes)).rpartition(".")[0] in str(error)
    assert type(error) is ConfigError


def test_the_example_of_the_book() -> None:
    cfg = config({"likelihood.variance": -1}, "likelihood=gaussian")
    assert str(refused(cfg)) == "likelihood.variance must be a number above 0, not -1"


def test_all_faults_come_in_one_message() -> None:
    changes: dict[str, Any] = {}
    for change, _ in BAD[1::3]:
        changes |= change
    lines = str(refused(config(changes))).splitlines()
    assert lines[0] == f"The config has {len(changes)} faults:" and len(lines) == len(changes) + 1
    assert all(line.startswith("- ") for line in lines[1:])


def test_a_path_that_does_not_exist_is_a_fault_of_data(tmp_path: Path) -> None:
    root = package(
        tmp_path,
        room__source="""
from vaelab.config.types import ExistingPath
class Source:
    def __init__(self, *, path: ExistingPath, size: int): ...
""",
    )
    node = {"_target_": "vaelab.room.source.Source", "path": "/nowhere", "size": 1}
    error = refused(node, root=root)
    assert str(error) == "path must be a file or folder that exists, not '/nowhere'" and type(error) is DataError
    assert type(refused({**node, "size": "big"}, root=root)) is ConfigError
    check({**node, "path": str(tmp_path)}, root=root)


def test_arguments_of_any_name_pass_and_are_still_looked_into(tmp_path: Path) -> None:
    root = package(tmp_path, room__f="def make(*, a: int, **rest): ...")
    check({"_target_": "vaelab.room.f.make", "a": 1, "b": [{"c": 2}]}, root=root)
    text = str(refused({"_target_": "vaelab.room.f.make", "a": 1, "b": [{"c": "???"}]}, root=root))
    assert text == "b[0].c is not set: give b[0].c=<value>"


def test_classes_from_elsewhere_are_left_to_themselves() -> None:
    check(config({"logger.mine": {"_target_": "my.own.Logger", "anything": [1, None]}}))
    assert "logger.mine.x is not set" in str(refused(config({"logger.mine": {"_target_": "my.L", "x": "???"}})))


DEEP = ("model", "encoder", "decoder")  # whose choice `deep` goes with the others' alone
# every group with all its other files; free_bits and what goes into beta are chosen elsewhere
GROUPS = {
    group: [file.stem for file in sorted((CONF / group).glob("*.yaml")) if file.stem != "deep"]
    for group in (
        "model",
        "encoder",
        "decoder/net",
        "decoder",
        "likelihood",
        "optimizer",
        "data",
        "trainer",
        "logger",
    )
}


def test_every_file_of_the_config_tree_passes() -> None:
    """But for a path that only the user can give. The groups go through their files side by side."""
    for i in range(max(map(len, GROUPS.values()))):
        overrides = [f"{group}={files[i % len(files)]}" for group, files in GROUPS.items()]
        try:
            compose(overrides)
        except ConfigError as error:
            assert "data.path is not set" in str(error) and "\n" not in str(error), overrides
    compose([f"{group}=deep" for group in DEEP])


COLD = """
import json, sys, time
from hydra import compose, initialize_config_dir
from vaelab.config.paths import CONF, plain
from vaelab.config import annotation, check, signature, source
from vaelab.config.keys import settings_of

with initialize_config_dir(str(CONF), version_base="1.3"):
    compose("train")
    start = time.process_time()  # what it costs, whoever else has the core
    composed = compose("train")
    hydras = time.process_time() - start
cfg = plain(composed)
times = []
for _ in range(3):  # the caches emptied each time
    for cached in (source.parse, signature.signature_of, signature.class_constant):
        cached.cache_clear()
    start = time.process_time()
    check.check(cfg)
    times.append(time.process_time() - start)
heavy = [name for name in ("torch", "pytorch_lightning", "numpy", "mlxtend") if name in sys.modules]
print(json.dumps({"of_hydras": min(times) / hydras, "settings": len(settings_of(cfg)), "heavy": heavy}))
"""


def test_a_whole_config_is_checked_fast_and_without_torch() -> None:
    out = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True).stdout
    found = json.loads(out.splitlines()[-1])
    assert found["settings"] >= 60
    assert found["heavy"] == []
    assert found["of_hydras"] < 0.5  # of one composition
