"""Against the errors that the installed Hydra really raises, by compose and by its command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from vaelab.config.hydra_errors import explain
from vaelab.errors import ConfigError, UserError

FILES = {
    "train": """
defaults: [_self_, model: hvae, data: mine, encoder/net: mlp, prior: "???", logger: [csv], experiment: null]
seed: 0
note: x
""",
    "model/hvae": "z_dims: [4, 2]",
    "model/vae": "z_dims: [4]",
    "data/mine": "path: ???\nbatch_size: 3",
    "encoder/net/mlp": "widths: [3]",
    "encoder/net/conv": "widths: [3]",
    "prior/normal": "scale: 1",
    "logger/csv": "csv: {name: x}",
    "logger/wandb": "wandb: {name: x}",
    "experiment/wrong_group": "# @package _global_\ndefaults: [override /modle: vae]",
    "experiment/wrong_choice": "# @package _global_\ndefaults: [override /model: vea]",
    "experiment/torn": "a: [1\nb: }",
    "experiment/twice": "a: 1\na: 2",
}
KEYS = [
    "model", "data", "encoder/net", "prior", "logger", "experiment",
    "seed", "note", "model.z_dims", "model._target_", "data.path", "data.batch_size", "data.workers",
    "encoder", "encoder.net", "encoder.net.widths", "prior.scale",
]  # fmt: skip


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conf")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text)
    return folder


def told(conf: Path, *overrides: str, config: str = "train", prior: str = "prior=normal") -> str:
    """What a composition with bad overrides says."""
    argv = [part for part in (prior, *overrides) if part]
    with pytest.raises(Exception) as caught, initialize_config_dir(str(conf), version_base="1.3"):
        OmegaConf.to_container(compose(config, argv), resolve=True)
    error = explain(caught.value, KEYS, argv)
    assert isinstance(error, ConfigError) and error.code == 2
    assert "\n" not in str(error)
    return str(error)


CASES = {
    # a name that is not there
    "modle=vae": "modle=vae: the config has no modle; did you mean model?",
    "modle.z_dims=[3]": "modle.z_dims=[3]: the config has no modle.z_dims; did you mean model.z_dims?",
    "model.z_dmis=[3]": "model.z_dmis=[3]: the config has no model.z_dmis; did you mean model.z_dims?",
    "widths=[3]": "widths=[3]: the config has no widths; did you mean encoder.net.widths?",
    "encoder/nte=mlp": "encoder/nte=mlp: the config has no encoder/nte; did you mean encoder/net?",
    "model@modle=vae": "model@modle=vae: the config has no model@modle; did you mean model?",
    "zzz=3": "zzz=3: the config has no zzz",
    "data.workers=2": "data.workers stands in no config file: write +data.workers=2 to set it",
    "~modle": "~modle: the config has no modle; did you mean model?",
    "~logger": "~logger cannot be taken out; logger=[] chooses none",
    # a choice that is not there
    "model=hvea": "model=hvea: no such choice; did you mean hvae? (hvae, vae)",
    "encoder/net=mpl": "encoder/net=mpl: no such choice; did you mean mlp? (conv, mlp)",
    "+hydra/launcher=ray": "hydra/launcher=ray needs a plugin that is not installed: pip install 'vaelab[ray]'",
    "logger=[csv,wnadb]": "logger=wnadb: no such choice; did you mean wandb? (csv, wandb)",
    "experiment=wrong_choice":
    "model=vea (from a config file): no such choice; did you mean vae? (hvae, vae)",
    "experiment=wrong_group":
    "experiment/wrong_group.yaml overrides the group modle, which the defaults do not have; "
    "did you mean model?",
    "model=null": "model=null: a group takes the name of one of its files, or [] for none",
    "model=3": "model=3: a group takes the name of one of its files, or [] for none",
    "+model=vae": "model is chosen already: write model=<choice>, without the +",
    "+seed=3": "seed is in the config already: write it without the +",
    # an override that cannot be read
    "seed": "seed is not a setting: write seed=<value>",
    "seed 3": "seed 3 is not a setting; one is written group.name=value",
    "--sed": "--sed is not an option; --help lists them",
    "model.z_dims[0]=3": "model.z_dims[0]=3: an element of a list is set with a dot, model.z_dims.0=3",
    "model.z_dims=[3": "model.z_dims=[3: a [ or ] is missing",
    "note=${seed": "note=${seed: a { or } is missing",
    "note=a=b": "note=a=b cannot be read; quote a value with special characters: 'note=\"a=b\"'",
    "note=f(3)": "note=f(3): there is no function f; quote the value if it is text: 'note=\"f(3)\"'",
    "seed=int(a)": "seed=int(a): invalid literal for int() with base 10: 'a'",
    # a sweep without -m
    "seed=1,2": "seed=1,2 is a sweep and needs -m; for a list write seed=[1,2]",
    "seed=range(1,3)": "seed=range(1,3) is a sweep and needs -m",
    # a value that cannot be had
    "model.z_dims.7=3": "model.z_dims[7]: list index out of range",
    "note=${sed}": "note refers to ${sed}, which the config does not have; did you mean seed?",
    "note=${data.path}": "note needs data.path, which is not set: give data.path=<value>",
    "note=${note}": "note=${note}: recursive interpolation detected",
    "note=${oc.env:NOT_THERE}": "note=${oc.env:NOT_THERE}: environment variable 'NOT_THERE' not found",
    "note=${nothing:1}": "note=${nothing:1}: unsupported interpolation type nothing",
    "hydra.job.name=[1]": "hydra.job.name=[1]: cannot convert 'list' to string: '[1]'",
    "hydra.job.nme=x": "hydra.job.nme=x: the config has no hydra.job.nme",
}  # fmt: skip


@pytest.mark.parametrize(("override", "text"), CASES.items())
def test_a_bad_override_is_told_in_one_line(conf: Path, override: str, text: str) -> None:
    assert told(conf, override) == text


def test_a_choice_that_must_be_made(conf: Path) -> None:
    assert told(conf, prior="") == "prior is not chosen: give prior=<choice> (normal)"


def test_a_config_that_is_not_there(conf: Path) -> None:
    assert told(conf, config="trian").startswith("Cannot find primary config 'trian'")


def test_files_that_are_not_yaml(conf: Path) -> None:
    assert told(conf, "experiment=torn") == (
        f"{conf}/experiment/torn.yaml, line 2 is not YAML: expected ',' or ']', but got ':'"
    )
    assert told(conf, "experiment=twice").endswith("twice.yaml, line 2 is not YAML: found duplicate key a")


def test_values_asked_for_in_code() -> None:
    cfg = OmegaConf.create({"data": {"path": "???"}})
    OmegaConf.set_struct(cfg, True)
    for read, text in (
        (lambda: cfg.data.path, "data.path is not set: give data.path=<value>"),
        (lambda: cfg.data.pth, "the config has no data.pth; did you mean data.path?"),
    ):
        with pytest.raises(Exception) as caught:
            read()
        assert str(explain(caught.value, ["data", "data.path"], [])) == text


def test_no_names_no_hint() -> None:
    cfg = OmegaConf.create({"a": 1})
    OmegaConf.set_struct(cfg, True)
    with pytest.raises(Exception) as caught:
        _ = cfg.b
    assert str(explain(caught.value, None, [])) == "the config has no b"


def built(node: dict[str, Any]) -> UserError | None:
    with pytest.raises(Exception) as caught:
        instantiate({"piece": node})
    return explain(caught.value, [], [])


def test_a_user_error_inside_a_piece_comes_back_as_it_was() -> None:
    error = built({"_target_": "tests.config.test_hydra_errors.raise_data_error"})
    assert error is not None and error.code == 4 and str(error) == "no images"


def raise_data_error() -> None:
    from vaelab.errors import DataError

    raise DataError("no images")


def test_targets_that_cannot_be_loaded() -> None:
    assert str(built({"_target_": "json.decodr.X"})) == (
        "json.decodr.X (piece._target_) cannot be loaded: there is no json.decodr"
    )
    assert str(built({"_target_": "os.system"})) == "os.system may not be a _target_: Hydra refuses to run it"


def test_faults_of_code_keep_their_traceback() -> None:
    assert built({"_target_": "fractions.Fraction", "unknown": 1}) is None
    for error in (ValueError("x"), KeyError("x"), RuntimeError("Could not override 'x'")):
        assert explain(error, KEYS, []) is None


PROGRAM = """
import json, sys
import hydra
from vaelab.config.hydra_errors import explain

@hydra.main(version_base="1.3", config_path=sys.argv[1], config_name="train")
def main(cfg):
    return len(cfg.data.path)

told, cases = [], json.loads(sys.argv[2])
for argv in cases:
    sys.argv = ["program", "prior=normal", *argv]
    try:
        main()
        told.append(None)
    except Exception as error:
        told.append(str(explain(error, ["model", "data", "data.path", "seed"], argv)))
print(json.dumps(told))
"""


def test_the_command_line_says_the_same(conf: Path, tmp_path: Path) -> None:
    folders = [f"hydra.run.dir={tmp_path}", f"hydra.sweep.dir={tmp_path}"]
    cases = {
        ("seed=1,2",): "seed=1,2 is a sweep and needs -m; for a list write seed=[1,2]",
        ("modle=vae",): "modle=vae: the config has no modle; did you mean model?",
        ("model=hvea",): "model=hvea: no such choice; did you mean hvae? (hvae, vae)",
        ("seed=[1",): "seed=[1: a [ or ] is missing",
        (): "data.path is not set: give data.path=<value>",
        ("data.path=x",): None,
        ("seed=1,2", "data.path=x", "-m"): None,
        ("modle=1,2", "-m"): "modle=1,2: the config has no modle; did you mean model?",
        ("model=vae,hvea", "data.path=x", "-m"): "model=hvea: no such choice; did you mean hvae? (hvae, vae)",
        ("seed=1,2", "-m"): "data.path is not set: give data.path=<value>",
    }
    argvs = [[*folders, *argv] for argv in cases]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(conf), json.dumps(argvs)],
        env={**os.environ, "HYDRA_FULL_ERROR": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout.splitlines()[-1]) == list(cases.values())
