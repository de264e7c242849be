"""The config tree: every file's keys are its target's arguments, every file composes, instantiates and trains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from vaelab.config.paths import CONF, compose
from vaelab.config.signature import signature_of
from vaelab.training.build import Run, build

FILES = sorted(CONF.rglob("*.yaml"))
GROUPS = sorted(
    {str(f.parent.relative_to(CONF)) for f in FILES}
    - {".", "hydra", "hydra/help", "hydra/launcher", "experiment", "sweep"}
)


def options(group: str) -> list[str]:
    return sorted(f.stem for f in (CONF / group).glob("*.yaml"))


# chosen in `vaelab quality` and `vaelab diagnose`, not in a training run; tests/cli builds them
OF_OTHER_DOORS = ("features", "analyses")
CHOICES = [(group, option) for group in GROUPS if group not in OF_OTHER_DOORS for option in options(group)]
EXPERIMENTS = options("experiment")
# what a choice needs beside it to make sense
WITH: dict[tuple[str, str], list[str]] = {
    ("encoder/merge", "*"): ["encoder=top_down"],
    ("objective/schedule", "*"): ["objective=beta"],
    ("likelihood", "gaussian"): [],
    # 256 numbers a pixel, or a network over pixels: the smallest images will do
    ("likelihood", "categorical"): ["data=digits"],
    ("likelihood", "pixelcnn"): ["data=digits"],
    ("likelihood", "pixelcnn_bytes"): ["data=digits"],
    ("model", "deep"): ["encoder=deep", "decoder=deep"],
    ("encoder", "deep"): ["model=deep", "decoder=deep"],
    ("decoder", "deep"): ["model=deep", "encoder=deep"],
    ("posterior", "full_covariance"): ["encoder/merge=concatenate"],
    ("posterior", "low_rank"): ["encoder/merge=concatenate"],
    ("posterior", "flow"): ["encoder/merge=concatenate"],
    ("trainer", "gpu"): ["trainer.accelerator=cpu"],
    ("trainer", "ddp"): ["trainer.accelerator=cpu", "trainer.devices=1", "trainer.strategy=auto"],
    ("objective", "free_bits"): ["encoder=top_down"],
    ("objective", "kl_balancing"): ["encoder=top_down"],
    ("objective", "dreg"): ["model=vae"],
    ("objective", "tcvae"): ["model=vae"],
    ("callbacks", "aggressive"): ["model=vae"],
}
SMOKE = ["logger=csv", "trainer.max_epochs=1", "trainer.limit_train_batches=1", "trainer.limit_val_batches=1"]
SMALL = ["data.batch_size=16"]


@pytest.fixture(scope="session")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("arrays") / "x.npz"
    np.savez(path, np.random.default_rng(0).normal(size=(200, 4, 4)).astype(np.float32))
    return path


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(60):
        Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(folder / f"{i:02d}.png")
    return folder


def nodes(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, dict):
        return ([tree] if "_target_" in tree else []) + [n for v in tree.values() for n in nodes(v)]
    return [n for v in tree for n in nodes(v)] if isinstance(tree, list) else []


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(CONF)))
def test_keys_are_the_arguments_of_the_target(file: Path) -> None:
    """Only vaelab's own targets; a sub-group's piece (net, merge, schedule) comes from its own file."""
    tree = yaml.safe_load(file.read_text())
    for node in nodes(tree):
        signature = signature_of(node["_target_"]) if node["_target_"].startswith("vaelab.") else None
        if signature is None:
            continue
        given = {key for key in node if not key.startswith("_") and key != "defaults"}
        # not those that override one of Hydra's own groups
        chosen = [
            key for entry in tree.get("defaults", []) if isinstance(entry, dict) for key in entry if " " not in key
        ]
        # a group of another room says where it goes: /pictures@pictures.kinds
        sent = {path.rpartition(".")[::2] for _, _, path in (key.partition("@") for key in chosen) if path}
        sub_groups = {key for key in chosen if "/" not in key} | {key for at, key in sent if tree.get(at) is node}
        assert given | sub_groups == set(signature), f"{file}: {node['_target_']}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(CONF)))
def test_every_file_says_in_its_first_line_what_it_is(file: Path) -> None:
    if file.parent.name == "help":
        pytest.skip("Hydra's help template")
    first = file.read_text().splitlines()[0]
    assert first.startswith("# ") and len(first) > 8


# what a file of conf/sweep or conf/hydra/launcher needs
PACKAGES = {"search": "optuna", "tpe": "optuna", "random": "optuna", "rate_distortion": "optuna", "parallel": "joblib",
            "slurm": "submitit", "slurm_here": "submitit", "ray_cluster": "ray"}  # fmt: skip


@pytest.mark.parametrize("choice", [f"{g}={o}" for g in ("sweep", "hydra/launcher") for o in options(g)])
def test_every_sweep_and_launcher_composes(choice: str) -> None:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    if (package := PACKAGES.get(choice.partition("=")[2])) is not None:
        pytest.importorskip(package)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = hydra_compose("train", [choice], return_hydra_config=True)
    if choice.startswith("sweep="):
        assert cfg.hydra.mode.name == "MULTIRUN", "no -m is needed"
    compose([choice])  # and each of its jobs is a config


def test_the_rooms_of_conf_are_rooms_of_the_package() -> None:
    import vaelab

    package = Path(vaelab.__file__).parent
    rooms = {group.split("/")[0] for group in GROUPS}
    # Lightning's trainer and the optimiser are chosen in conf/ and wired in training/
    assert {room for room in rooms if not (package / room).is_dir()} == {"optimizer", "trainer"}


def assert_every_parameter_gets_a_gradient(run: Run) -> None:
    # validation has cleared those of the training step
    batch = run.data.in_units(next(iter(run.data.train_dataloader())))
    run.module.train().training_step(batch, 0).backward()
    for name, parameter in run.module.named_parameters():
        assert parameter.grad is not None, f"{name} got no gradient"


def overrides(group: str, option: str, arrays: Path, pictures: Path) -> list[str] | None:
    # which pictures a training run draws is said where its callback stands
    chosen = {
        "logger": f"logger=[{option}]", "pictures": f"pictures@callbacks.pictures.kinds=[{option}]"
    }.get(group, f"{group}={option}")  # fmt: skip
    extra = WITH.get((group, option), WITH.get((group, "*"), []))
    if group == "data":
        if option == "arrays":
            extra = [f"data.path={arrays}", "likelihood=gaussian"]
        elif option == "folder":
            extra = [f"data.path={pictures}", "likelihood=gaussian", "data.size=null", "data.channels=3"]
        elif option == "two_paths":
            extra = ["likelihood=gaussian"]
        elif option not in ("mnist5k", "digits", "shapes"):
            return None  # hub sets are not here; tests/data loads one in their layout
    # what is tested comes last, so that it has the last word
    smoke = [s for s in SMOKE if not (group == "logger" and s.startswith("logger"))]
    if (group, option) == ("trainer", "smoke"):
        smoke = ["logger=csv"]
    # pictures take longer than all the rest; their own test draws them
    quick = [] if group in ("callbacks", "pictures") else ["~callbacks.pictures"]
    return [*SMALL, *extra, *smoke, *quick, chosen]


@pytest.mark.parametrize(("group", "option"), CHOICES, ids=["=".join(choice) for choice in CHOICES])
def test_every_choice_builds_and_trains_a_batch(
    group: str, option: str, arrays: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAELAB_CACHE", str(tmp_path / "cache"))
    wanted = overrides(group, option, arrays, pictures)
    if wanted is None:
        compose([f"{group}={option}", *([] if option != "hub" else ["data.path=someone/something"])])
        return
    run = build(compose(wanted), tmp_path)
    run.fit()
    assert run.trainer.global_step >= 1
    assert_every_parameter_gets_a_gradient(run)
    for logger in run.trainer.loggers:
        logger.finalize("success")
    if option == "wandb":
        import wandb

        wandb.finish()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_trains_a_batch(experiment: str, arrays: Path, tmp_path: Path) -> None:
    """On data that is here, and the largest with fewer blocks: tests/experiments holds their size."""
    data = ["data=arrays", f"data.path={arrays}"]
    if experiment in ("beta_vae_shapes", "vdvae_tiny") or experiment.startswith("two_paths"):
        data = []
    elif "mnist" in experiment:
        data = ["data=mnist5k"]
    elif experiment.startswith("vdvae"):
        colours = tmp_path / "colours.npy"
        np.save(colours, np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), dtype=np.uint8))
        small = "[{resolution:32,blocks:1,width:16,z_channels:2},{resolution:1,blocks:2,width:16,z_channels:2}]"
        data = ["data=arrays", f"data.path={colours}", f"model.stages={small}", "encoder.blocks=[1,1]"]
    run = build(compose([f"experiment={experiment}", *data, *SMALL, *SMOKE, "~callbacks.pictures"]), tmp_path)
    run.fit()
    assert run.trainer.global_step >= 1
    assert_every_parameter_gets_a_gradient(run)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_states_its_claim(experiment: str) -> None:
    head = (CONF / "experiment" / f"{experiment}.yaml").read_text()
    for word in ("# @package _global_", "# Claim:", "# Data:", "# Expected:", "# Cost:"):
        assert word in head
