"""What training takes in memory is counted."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import memory


def figures(*overrides: str) -> list[float]:
    return [float(cell.split()[0]) for cell in memory.row(["experiment=vdvae_tiny", *overrides]).split("|")[2:5]]


def test_recomputing_keeps_less_and_the_state_is_that_of_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "GIB", 1)  # bytes
    _, state, activations = figures()
    _, same, fewer = figures("encoder.recompute=true", "decoder.recompute=true")
    assert state == same and 0 < fewer < 0.7 * activations
    assert state % (4 * 5) == 0, "weights, gradients, two moments and an average, of 4 bytes each"
