"""The worked examples of CONTRIBUTING.md work as written: one file, one YAML and one test each."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# a line that begins with a file's name, then its content
FILE = re.compile(r"^`([\w/.]+)`[^\n]*\n\n```(?:python|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_example_passes_its_own_test_and_those_of_conf(tmp_path: Path) -> None:
    for part in ("src", "conf", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = FILE.findall((ROOT / "CONTRIBUTING.md").read_text())
    for name, content in files:
        assert not (ROOT / name).exists(), f"{name} is there already: choose another example"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    rooms = [Path(name).parts[0] for name, _ in files]
    assert rooms == ["src", "conf", "tests"] * 4
    tests = [name for name, _ in files if name.startswith("tests/")]
    choices = " or ".join(Path(name).stem for name, _ in files if name.startswith("conf/"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests, "tests/conf", "-k", choices],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
