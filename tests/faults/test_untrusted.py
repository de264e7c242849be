"""No file of a run folder runs code: each attack leaves no trace, and a control shows that it would have left one."""

import os
import shutil
import threading
import urllib.request
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import torch
import yaml

from tests.conftest import Run
from tests.faults.hostile import SMALL, Payload, prepare, run, said, small, targets, write_checkpoint, write_config
from tests.training.crash import forked
from vaelab import build, compose
from vaelab.afterwards import _diagnose
from vaelab.config.allowed import BESIDE_CONF, PICKLES, VARIABLE, is_allowed, named_in_conf, untrusted
from vaelab.config.continuation import said_before
from vaelab.config.paths import CONF
from vaelab.config.run_folder import read_config
from vaelab.errors import CheckpointError
from vaelab.training.load import load
from vaelab.training.store import load as load_checkpoint
from vaelab.training.store import verify

DOORS = ("evaluate", "sample", "quality", "diagnose")
NAMES = list(targets(Path("it-ran")))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert forked(compose(SMALL), folder) == 0, Path(f"{folder}.log").read_text()
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "run")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return prepare(tmp_path / "payload" / "it-ran")


def one_line(error: str) -> bool:
    return len(error.strip().splitlines()) == 1 and error.startswith("vaelab: ")


# ---------------------------------------------------------------- checkpoints


@pytest.mark.parametrize("place", ["state_dict", "callbacks", "hyper_parameters", "optimizer_states", "so_far"])
def test_a_pickle_in_a_checkpoint_does_not_run(place: str, folder: Path, marker: Path, vaelab: Run) -> None:
    state = load_checkpoint(folder / "checkpoints" / "last.ckpt")
    state[place] = {"a": [Payload(marker)]}
    for name in ("best.ckpt", "last.ckpt"):
        write_checkpoint(folder / "checkpoints" / name, state)
    with pytest.raises(CheckpointError, match="more than tensors"):
        load(folder, "last")
    with pytest.raises(CheckpointError, match="more than tensors"):
        build(compose([*SMALL, "trainer.max_epochs=2"]), folder).fit(folder / "checkpoints" / "last.ckpt")
    code, _, err = vaelab("evaluate", f"run={folder}", "iw_samples=2")
    assert code == 5 and one_line(err) and "best.ckpt" in err
    assert not marker.exists()
    torch.load(folder / "checkpoints" / "last.ckpt", weights_only=False)
    assert marker.exists(), "the payload works"


def test_the_variable_that_has_torch_run_pickles_is_refused(
    folder: Path, marker: Path, vaelab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_checkpoint(folder / "checkpoints" / "best.ckpt", {"state_dict": Payload(marker)})
    monkeypatch.setenv(PICKLES, "1")
    commands = [[door, f"run={folder}"] for door in DOORS]
    for command in [*commands, ["train", f"resume={folder}"], ["train", *SMALL, "hydra.run.dir=new"]]:
        code, _, err = vaelab(*command)
        assert code == 5 and one_line(err) and PICKLES in err, command
    with pytest.raises(CheckpointError, match=PICKLES):
        load_checkpoint(path)
    assert not Path("new").exists() and not marker.exists()
    with pytest.warns(UserWarning, match=PICKLES):
        torch.load(path)
    assert marker.exists(), "the payload works"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}", asked
    serving.shutdown()
    serving.server_close()


def test_an_address_is_no_run_folder(server: tuple[str, list[str]], vaelab: Run) -> None:
    address, asked = server
    commands = [[door, f"run={address}/run"] for door in DOORS]
    for command in [*commands, ["evaluate", address], ["train", f"resume={address}"], ["watch", address]]:
        code, _, err = vaelab(*command)
        assert code == 5 and one_line(err) and "address" in err, (command, err)
    code, _, err = vaelab("report", f"{address}/run")
    assert code == 5 and one_line(err)
    for other in ("s3://bucket/run", "file:///tmp/run", "HF://owner/run"):
        with pytest.raises(CheckpointError, match="address"):
            load(other)
    with pytest.raises(CheckpointError, match="address"):
        load(f"{address}/run")
    assert asked == []
    urllib.request.urlopen(f"{address}/run").close()
    assert asked == ["/run"], "it would have answered"


# ---------------------------------------------------------------- configs


def placed(node: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """A node at every kind of place of a config: (what a refusal has to name, the config)."""
    good = {"_target_": "vaelab.likelihood.bernoulli.Bernoulli"}
    inner = {"encoder.net": ("encoder", {"_target_": "vaelab.encoder.bottom_up.BottomUp", "net": node})}
    inner["likelihood"] = ("likelihood", {**node, "_partial_": True})
    inner["data._args_[1]"] = ("data", {"_target_": "vaelab.data.digits.Digits", "_args_": [good, node]})
    inner["model.any.thing[0].x"] = ("model", {"any": {"thing": [{"x": node}]}})
    inner["likelihood.takes"] = ("likelihood", {**good, "_recursive_": False, "takes": node})
    config = small()
    return [(path, {**config, group: value}) for path, (group, value) in inner.items()]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_target_does_not_run(name: str, tmp_path: Path, marker: Path) -> None:
    node = targets(marker)[name]
    for i, (path, config) in enumerate(placed(node)):
        folder = write_config(tmp_path / str(i), config)
        write_checkpoint(folder / "checkpoints" / "best.ckpt", {"state_dict": {}, "global_step": 1})
        with pytest.raises(CheckpointError) as caught:
            load(folder)
        assert f"{path}._target_: {node['_target_']}" in str(caught.value)
    assert not marker.exists()
    made = run(node)
    if hasattr(made, "close"):
        made.close()
    assert marker.exists(), "the payload works"


@pytest.mark.parametrize("place", ["objective", "diagnosis"])
def test_what_a_finished_run_lacks_is_made_of_nothing_foreign(
    place: str, folder: Path, marker: Path, vaelab: Run
) -> None:
    node, lacks = targets(marker)["open"], {"max_minutes": 1, "analyses": {}}
    config = read_config(folder) | {"diagnosis": lacks}
    config |= {"objective": node} if place == "objective" else {"diagnosis": {**lacks, "analyses": {"a": node}}}
    said(folder, SMALL)
    write_config(folder, config)
    done = folder / "DONE.json"
    done.write_text(done.read_text().replace('"step": ', '"step": 300, "was": '))
    code, out, err = vaelab("train", f"resume={folder}")
    assert code == 0 and "is finished" in out and "no diagnosis: " in out and "builtins.open" in out, out + err
    assert not marker.exists()
    _diagnose(folder, config, "cpu")
    assert marker.exists(), "the payload works"


def test_every_door_tells_every_refused_target_in_one_line(folder: Path, marker: Path, vaelab: Run) -> None:
    config = read_config(folder)
    nodes = targets(marker)
    write_config(folder, {**config, "prior": nodes["open"], "callbacks": {"a": {"b": [nodes["torch.load"]]}}})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for door in DOORS:
        code, _, err = vaelab(door, f"run={folder}")
        assert code == 5 and one_line(err), err
        assert "prior._target_: builtins.open; callbacks.a.b[0]._target_: torch.load" in err and VARIABLE in err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    for door in ("report", "watch"):  # they build nothing
        assert vaelab(door, str(folder))[0] == 0
    assert not marker.exists()


@pytest.mark.parametrize("target", ["${x}", "${oc.env:HOME}", 3, None, ["os.system"], {"_target_": "os.system"}, ""])
def test_a_target_is_a_name_and_nothing_that_becomes_one(target: Any) -> None:
    assert list(untrusted({"x": "os.system", "a": {"_target_": target}})) == [("a._target_", str(target))]


def test_nothing_is_looked_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra resolves what it builds from, also out of plain dicts."""
    from hydra.utils import instantiate

    monkeypatch.setenv("SECRET", "s3cr3t")
    node = {"_target_": "builtins.dict", "name": "${oc.env:SECRET}"}
    assert instantiate(node) == {"name": "s3cr3t"}
    config = read_config(folder)
    for change in ({"data": {**config["data"], "name": "${oc.env:SECRET}"}}, {"a": [["x${b}"]]}, {"${oc.env:A}": 1}):
        write_config(folder, {**config, **change})
        with pytest.raises(CheckpointError, match=r"\$\{") as caught:
            load(folder)
        assert "s3cr3t" not in str(caught.value)


REFUSED = {
    "model": ["vaelab.cli.run", "vaelab.training.store.remove", "vaelab.training.modules.HVAE.load_from_checkpoint"],
    "callbacks": ["vaelab.sweep_end.SweepEnd", "pytorch_lightning.callbacks.ModelCheckpoint", "torch.optim.Adam"],
    "hydra": ["vaelab.sweep_end.SweepEnd"],
    "logger": ["pytorch_lightning.loggers.WandbLogger"],  # would send the user's key to whatever server it is given
    "decoder": [
        "vaelab./tmp/x.Y",
        "vaelab.nn.mlp.mlp\n",
        " vaelab.nn.mlp.mlp",
        "vaelab",
        "",
        "vaelab.nn.mlp.nn.Linear",
    ],
    # allowed where they belong, and not where a reader would make one: they load, fetch or make folders
    "prior": ["vaelab.features.inception.Inception", "pytorch_lightning.loggers.WandbLogger", "vaelab.data.hub.Hub"],
    "features": ["vaelab.features.inception.Inception"],
    "": ["vaelab.prior.flow.Flow", "vaelab.training.build.instantiate"],
}
ALLOWED = {
    "encoder": ["vaelab.nn.mlp.mlp"],
    "likelihood": ["vaelab.likelihood.Gaussian", "vaelab.likelihood.gaussian.Gaussian"],
    "model": ["vaelab.VAE"],
    "optimizer": ["torch.optim.RAdam", "torch.optim.Adam"],
    "callbacks": ["vaelab.pictures.samples.Samples", "pytorch_lightning.callbacks.EarlyStopping"],
}


def test_what_the_package_defines_is_not_allowed_for_that() -> None:
    for places, expected in ((REFUSED, False), (ALLOWED, True)):
        for group, names in places.items():
            for name in names:
                assert is_allowed(name, group) == expected, (group, name)


def test_all_that_conf_offers_is_allowed_and_all_that_is_allowed_exists() -> None:
    stands_in = {"pictures": "callbacks", "analyses": "diagnosis"}
    for file in CONF.glob("*/**/*.yaml"):
        group = file.relative_to(CONF).parts[0]
        if group not in ("hydra", "features"):
            tree = yaml.safe_load(file.read_text())
            found = untrusted(tree if group == "experiment" else {stands_in.get(group, group): tree})
            # what is looked up there has a value by the time that it stands in config.json
            assert [one for one in found if "${" not in one[1]] == [], file
    for target in {*chain(*BESIDE_CONF.values(), *named_in_conf().values())}:
        assert callable(resolve_name(target)), target


OWN = """
import os
import subprocess
from subprocess import check_output
from torch import load
from vaelab.objective.elbo import Elbo

class Mine(Elbo):
    pass
"""


def test_classes_of_ones_own_are_trained_and_read_back_where_the_environment_allows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_pieces.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "run"
    # what is typed is the user's own, up to the evaluation at the end
    cfg = compose([*SMALL, "objective._target_=own_pieces.Mine"])
    assert forked(cfg, folder) == 0, Path(f"{folder}.log").read_text()
    assert (folder / "evaluation.json").exists()
    with pytest.raises(CheckpointError, match=f"objective._target_: own_pieces.Mine.*{VARIABLE}"):
        load(folder)
    monkeypatch.setenv(VARIABLE, "another, own_pieces")
    assert type(load(folder).module.objective).__name__ == "Mine"
    for name in ("os.system", "subprocess.run", "check_output", "load", "Mine.missing", "os", "__loader__"):
        assert not is_allowed(f"own_pieces.{name}", "objective"), "a module's own are allowed, not what it imports"
    assert not is_allowed("own_pieces_too.Mine", "objective") and not is_allowed("os.system", "objective")


# ---------------------------------------------------------------- what was typed


OPENS = "{_target_: builtins.open, file: MARKER, mode: w}"
REPLAYED: dict[str, Any] = {
    "callback of Hydra": f"+hydra.callbacks.x={OPENS}",
    "logging": "++hydra.job_logging={handlers: {f: {class: logging.FileHandler, filename: MARKER}},"
    " root: {handlers: [f]}}",
    "group of Hydra": "hydra=other",
    "package of Hydra": "+callbacks@hydra.callbacks=default",
    "target": "objective._target_=builtins.open",
    "own function": "objective._target_=vaelab.cli.run",
    "nested": f"+callbacks.x={OPENS}",
    "deep": f"+callbacks.x.y=[1,{{a: {OPENS}}}]",
    "arguments": f"+callbacks.x={{_args_: [{OPENS}]}}",
    "address": "+logger.w={_target_: pytorch_lightning.loggers.WandbLogger, settings: {base_url: HERE}}",
    "environment": "+logger.csv.x=${oc.env:SECRET}",
    "quoted environment": "data.name='a ${oc.env:SECRET}'",
    "flag": "--experimental-rerun=PICKLE",
    "short flag": "-cdHERE",
    "outside": "experiment=../../../../../../../../HERE/evil",
    "outside by the root": "experiment=HERE/evil",
    "outside in a list": "experiment=[../../../../../../../../HERE/evil]",
    "outside of a sub-group": "objective/schedule=../../HERE/evil",
    "sweep": "seed=1,2",
    "nothing": "a b c {",
    "no text": {"_target_": "os.system"},
}


@pytest.mark.parametrize("name", REPLAYED)
@pytest.mark.parametrize("file", ["overrides.yaml", "overrides.resume-1.yaml"])
def test_hostile_settings_are_not_typed_again(
    name: str, file: str, marker: Path, vaelab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s3cr3t")
    attack = REPLAYED[name]
    if isinstance(attack, str):
        attack = attack.replace("MARKER", str(marker)).replace("PICKLE", str(marker.parent / "evil.pkl"))
        attack = attack.replace("HERE", str(marker.parent))
    said(Path("run"), ["seed=0"])
    said(Path("run"), [*SMALL, attack], file)
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    code, out, err = vaelab("train", "resume=run")
    assert "s3cr3t" not in out + err and not marker.exists()
    if "hydra." in str(attack).partition("=")[0] and "@" not in str(attack):  # left out: it says how it ran
        assert code == 0, err
        return
    assert code == 5 and one_line(err), err
    assert f"{file} is refused" in err and str(attack) in err
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before


def test_typed_by_hand_they_would_have_run(marker: Path, vaelab: Run) -> None:
    """The control of the test above: the same, as the user's own."""
    evil = marker.parent / "evil.yaml"
    evil.write_text("# @package _global_\nseed: 77\n")
    outside = os.path.relpath(evil.with_suffix(""), CONF / "experiment")
    assert compose([f"experiment={outside}"])["seed"] == 77
    for name in ("callback of Hydra", "logging", "flag", "nested"):
        typed = REPLAYED[name].replace("MARKER", str(marker)).replace("PICKLE", str(marker.parent / "evil.pkl"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Hydra's, of a callback that is none, and of what is experimental
            vaelab("train", *SMALL, f"hydra.run.dir='new {name}'", typed)
        assert marker.exists(), typed
        marker.unlink()


def test_what_was_typed_in_good_faith_is_typed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [
        *("model.z_dims=[8,4]", "experiment=linear_hvae", "objective/schedule=linear", "~callbacks.pictures"),
        *("logger=[csv,wandb]", "data.path=../images", "data.path='/data/é 1'", "+trainer.max_time=null", "threads=2"),
        *("+logger.wandb.tags={a: [x, 'it is']}", "objective._target_=vaelab.objective.elbo.Elbo"),
        "+callbacks.stop={_target_: pytorch_lightning.callbacks.EarlyStopping, monitor: val/elbo}",
    ]
    folder = said(tmp_path / "run", [*good, "hydra.run.dir=run", "hydra/launcher=basic", "~hydra.x", "resume=run"])
    assert said_before(folder) == good
    (tmp_path / "own_pieces.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    own = ["objective._target_=own_pieces.Mine"]
    said(folder, own)
    with pytest.raises(CheckpointError, match=rf"overrides\.yaml is refused.*own_pieces.*{VARIABLE}"):
        said_before(folder)
    monkeypatch.setenv(VARIABLE, "own_pieces")
    assert said_before(folder) == own


def test_pickles_of_hydra_are_left_alone(folder: Path, marker: Path, vaelab: Run) -> None:
    notes = folder / ".hydra"
    notes.mkdir(exist_ok=True)
    for name in ("config.pickle", "hydra.pickle"):
        shutil.copy(marker.parent / "evil.pkl", notes / name)
    for name in ("hydra.yaml", "config.yaml", "overrides.yaml"):
        (notes / name).write_text(f"!!python/object/apply:os.mkdir ['{marker}']\n")
    (folder / "multirun.yaml").write_text(f"!!python/object/apply:os.mkdir ['{marker}']\n")
    for command in (["evaluate", f"run={folder}", "iw_samples=2"], ["report", str(folder)], ["watch", str(folder)]):
        code, _, err = vaelab(*command)
        assert code == 0, err
    vaelab("train", f"resume={folder}")
    assert not marker.exists()
    yaml.unsafe_load((notes / "hydra.yaml").read_text())
    assert marker.exists(), "the payload works"


# ---------------------------------------------------------------- links


LINKED = ("config.json", "checkpoints", "checkpoints/best.ckpt", "checkpoints/best.ckpt.json", "images/x.png", ".hydra")


@pytest.mark.parametrize("name", [*LINKED, "history.jsonl"])
def test_a_link_out_of_the_folder_is_refused(name: str, folder: Path, tmp_path: Path, vaelab: Run) -> None:
    for place in ("images", ".hydra"):
        (folder / place).mkdir(exist_ok=True)
    (folder / "images" / "x.png").touch()
    assert load(folder).step > 0
    outside = tmp_path / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    commands = [[door, f"run={folder}"] for door in DOORS]
    for command in [*commands, ["train", f"resume={folder}"], ["report", str(folder)]]:
        code, _, err = vaelab(*command)
        assert code == 5 and one_line(err) and f"{folder / name} leads out" in err, (command, err)
    with pytest.raises(CheckpointError, match="leads out"):
        load(folder)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    outside.rename(tmp_path / "gone")
    with pytest.raises(CheckpointError, match="leads out"):  # one that leads nowhere could be written through
        load(folder)


def test_a_folder_behind_a_link_is_read_and_links_within_it_are(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(folder)
    (folder / "again.json").symlink_to(folder / "config.json")
    assert load(tmp_path / "latest").config == read_config(folder)


def test_a_checkpoint_is_a_regular_file(folder: Path) -> None:
    best, last = (folder / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
    best.unlink()
    best.symlink_to(last)
    with pytest.raises(CheckpointError, match=r"best\.ckpt is a link"):
        verify(best)
    best.unlink()
    os.mkfifo(best)  # opened as a file it would be waited for
    for read in (verify, load_checkpoint):
        with pytest.raises(CheckpointError, match=r"best\.ckpt is no regular file"):
            read(best)
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    with pytest.raises(CheckpointError, match=r"config\.json is no regular file"):
        read_config(folder)


@pytest.mark.parametrize("text", ["[]", "3", '"x"', "null", "[" * 100_000, r'{"a": "\u001b[2J"}', r'{"\u009b2J": 1}'])
def test_a_config_that_is_none_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read") as caught:
        read_config(tmp_path)
    assert "\x1b" not in str(caught.value) and "\x9b" not in str(caught.value)
