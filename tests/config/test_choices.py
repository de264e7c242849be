"""Which choice of a group has a setting: over files made here, and over those of conf/."""

from pathlib import Path

import pytest

from vaelab.config.choices import choices_with, told
from vaelab.config.paths import CONF

FILES = {
    "likelihood/bernoulli": "_target_: x",
    "likelihood/gaussian": "_target_: x\nvariance: 1.0\nof: {pixel: {scale: 2}}",
    "likelihood/torn": "a: [1\nb: }",
    "likelihood/empty": "",
    "encoder/one": "defaults:\n  - net: mlp\n  - _self_\nscale: 1",
    "encoder/net/mlp": "widths: [3]",
    "encoder/net/conv": "kernel: 3",
    "experiment/claim": "# @package _global_\nseed: 3",
}
CASES = {
    "likelihood.variance": ["likelihood=gaussian"],
    "likelihood.of.pixel.scale": ["likelihood=gaussian"],
    "likelihood.of.pixel.width": [],
    "likelihood._target_": [],
    "encoder.net.widths": ["encoder=one", "encoder/net=mlp"],
    "encoder.net.kernel": ["encoder/net=conv"],
    "encoder.defaults": [],
    "experiment.seed": [],
    "seed": [],
    "no.such.group": [],
}


@pytest.mark.parametrize(("key", "choices"), CASES.items())
def test_the_files_that_have_a_setting(key: str, choices: list[str], tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(text)
    assert choices_with(key, tmp_path) == choices


def test_those_of_the_program() -> None:
    assert "likelihood=gaussian" in choices_with("likelihood.variance", CONF)
    assert "likelihood=bernoulli" not in choices_with("likelihood.variance", CONF)
    assert "objective=beta" in choices_with("objective.schedule.warmup_steps", CONF)
    assert choices_with("callbacks.ema.decay", CONF) == ["callbacks=ema"]


def test_words() -> None:
    assert told([]) == ""
    assert told(["a=b"]) == "; a=b has it"
    assert told(["a=b", "a=c", "a=d"]) == "; a=b, a=c and a=d have it"
    assert told([f"a={i}" for i in range(6)]) == "; a=0, a=1, a=2, a=3 and 2 more have it"
