"""Facts about the package as a whole."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "vaelab"


def test_torchvision_is_not_here() -> None:
    """Beside the CPU build of torch its mere presence breaks Lightning and torchmetrics at import."""
    assert importlib.util.find_spec("torchvision") is None, "pip uninstall torchvision"


def test_help_does_not_import_torch() -> None:
    program = "import sys; from vaelab.cli import run; run(['--help']); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "False"


def test_only_data_knows_the_names_of_data_sets() -> None:
    names = re.compile("mnist|cifar|celeba|omniglot|svhn|imagenet", re.IGNORECASE)
    # the command line's examples and the logo of a config may name one; code may not
    for file in SOURCE.rglob("*.py"):
        if file.is_relative_to(SOURCE / "data") or file.name == "cli.py":
            continue
        assert not names.search(file.read_text()), file


@pytest.mark.parametrize("room", ["nn", "model", "objective", "encoder", "decoder", "likelihood", "prior", "proposal"])
def test_the_leaves_know_nothing_of_training(room: str) -> None:
    """No network knows probability; no model knows its objective, its logger or its pictures."""
    forbidden = {
        "nn": "distributions|likelihood|prior|encoder|decoder|model|objective|training|callbacks|metrics|data",
        "model": "objective|training|callbacks|metrics|pictures|diagnostics|data",
    }.get(room, "training|callbacks|metrics|pictures|diagnostics|data")
    for file in (SOURCE / room).glob("*.py"):
        assert not re.search(rf"from vaelab\.({forbidden})\b", file.read_text()), file


def test_files_are_small() -> None:
    long = {str(f.relative_to(SOURCE)): n for f in SOURCE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 200}
    assert not long
