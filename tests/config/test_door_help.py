"""Help as it is printed, against the config that Hydra composes."""

import re
from pathlib import Path
from typing import Any

import pytest

from vaelab.config.door_help import door_help
from vaelab.config.paths import CONF

FILES = {
    "show": """# vaelab show run=<folder>: a show.
defaults:
  - things: [b, a]
  - hydra: door
  - _self_

run: ???
text: "#1"      # a sign
""",
    "things/a": "# A.\na:\n  _target_: x\n  deep:   # below\n    er: [1, 2]\n  n: 3   # of them",
    "things/b": "# B.\n_target_: y\nlr: 1.0e-3",
    "things/c": "# C.\nc: {_target_: z}",
}


def test_it_is_the_file_with_its_comments(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(text)
    assert door_help("show", [], tmp_path).splitlines()[:13] == [
        "vaelab show <folder> [group=choice …] [setting=value …]",
        "",
        "a show.",
        "",
        "== Groups (group=choice) ==",
        "things: a, b, c   # default: [b, a]",
        "",
        "== Settings and their defaults (setting=value) ==",
        "run: ???",
        'text: "#1"' + 17 * " " + "# a sign",
        "things.lr: 1.0e-3",
        "things.a.deep.er: [1, 2]",
        "things.a.n: 3" + 14 * " " + "# of them",
    ]
    assert "things.a" not in door_help("show", ["run=x", "things=b"], tmp_path)


def leaves(tree: dict[str, Any], path: str = "") -> list[str]:
    found = []
    for key, value in tree.items():
        name = f"{path}.{key}" if path else key
        found += leaves(value, name) if isinstance(value, dict) else [] if key.startswith("_") else [name]
    return found


@pytest.mark.parametrize("door", ["evaluate", "quality", "diagnose", "sample"])
def test_it_names_every_setting_once_and_no_group_of_training(door: str) -> None:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose(door))
    text = door_help(door, [])
    named = re.findall(r"^([\w.]+): ", text.partition("== Settings")[2].partition("\n\n")[0], re.MULTILINE)
    assert sorted(named) == sorted(leaves(config))
    assert "# best, last, raw" in text and "trainer" not in text and "likelihood:" not in text
    assert all(len(line) <= 150 for line in text.splitlines())
