"""The built wheel, in an empty folder: conf/ is inside and the program runs from it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_its_config_and_runs_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert "vaelab/conf/train.yaml" in names and "vaelab/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "conf/", "outputs/"))]

    env = {**os.environ, "PYTHONPATH": str(site)}
    where = [sys.executable, "-c", "import vaelab.config.paths as p; print(p.CONF)"]
    found = subprocess.run(where, cwd=empty, env=env, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(found) == site / "vaelab" / "conf"
    train = [sys.executable, "-m", "vaelab", "train", "trainer=smoke", "logger=csv", "~callbacks.pictures"]
    done = subprocess.run([*train, "evaluation.iw_samples=2"], cwd=empty, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(empty.glob("outputs/*/*/DONE.json"))
