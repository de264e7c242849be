"""The benchmark runs, and its table has what it promises."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_two_short_rounds_print_a_ratio_and_fill_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmark: begin -->\nold\n<!-- benchmark: end -->\nafter\n")
    command = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), "--models", "mlp", "--write", str(page)]
    short = ["--rounds", "2", "--window", "2", "--images", "1", "--repeats", "1"]
    result = subprocess.run([*command, *short], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    row = next(line for line in result.stdout.splitlines() if line.startswith("| MLP VAE | vaelab |"))
    ratio = float(row.split("|")[5].split("±")[0])
    assert 0.1 < ratio < 2
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and row in text and "old" not in text


def test_help_names_the_models() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "benchmark.py"), "--help"]
    assert "lvae" in subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_deep_benchmark_runs_on_a_small_model() -> None:
    """On a GPU it takes the published one, in more precisions, compiled and not."""
    command = [sys.executable, str(ROOT / "scripts" / "benchmark_vdvae.py"), "--device", "cpu"]
    short = ["--experiment", "vdvae_tiny", "--batch", "2", "--warmup", "1", "--steps", "2"]
    choices = ["--precisions", "32-true", "bf16-mixed", "--compiled", "no"]
    result = subprocess.run([*command, *short, *choices], capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stderr
    rows = [line.split("|") for line in result.stdout.splitlines() if line.startswith(("| 32-true", "| bf16"))]
    assert [row[3].strip() for row in rows] == ["vaelab", "plain"] * 2
    assert all(float(row[4]) > 0 for row in rows)


def test_the_cost_of_safety_is_a_table_of_files_and_one_of_training(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- safety -->\nold\n<!-- end of safety -->\nafter\n")
    command = [sys.executable, str(ROOT / "scripts" / "benchmark_safety.py"), "--models", "mlp", "--trained", "mlp"]
    short = ["--rounds", "4", "--window", "5", "--repeats", "1", "--write", str(page)]
    result = subprocess.run([*command, *short], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    files, *training, pieces = (line.split("|") for line in result.stdout.splitlines() if line.startswith("| MLP VAE"))
    last, plain, best = float(files[3]), float(files[4]), float(files[8])
    assert last > 0 and plain > 0 and best > 0 and 5 < float(files[2]) < 10, "weights and two moments, MB"
    assert [row[2].strip() for row in training][:3] == ["without", "with all", "without again"]
    assert 0.1 < float(training[1][5].split("±")[0]) < 2
    parts = [float(cell) for cell in pieces[2:7]]
    assert all(part > 0 for part in parts) and abs(sum(parts[:4]) - parts[4]) < 0.5
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "of 5 minutes" in text and "old" not in text
