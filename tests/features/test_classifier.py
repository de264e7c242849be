"""The network trained on the data: it learns, it is the same each time, and it is kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.data.given import Given, greys
from vaelab.data.digits import Digits
from vaelab.data.split import SPLITS
from vaelab.features import classifier
from vaelab.features.classifier import Classifier, plain

SETTINGS: dict[str, Any] = {"width": 8, "steps": 3, "batch_size": 16, "lr": 2e-3, "seed": 0}


class Sided(Given):
    """Images bright on the left (class 0) or on the right (class 1), in noise."""

    def __init__(
        self, transform: Any = "auto", known: tuple[str, ...] = SPLITS, shape: tuple[int, int] = (6, 6)
    ) -> None:
        rng = np.random.default_rng(0)
        self.sides = {split: rng.integers(0, 2, 80) for split in SPLITS}
        self.known = known
        x = {split: rng.integers(0, 60, (80, 1, *shape), dtype=np.uint8) for split in SPLITS}
        for split, sides in self.sides.items():
            for image, side in zip(x[split], sides, strict=True):
                image[:, :, 3 * side : 3 * side + 3] += 120
        super().__init__(x, transform)
        self.give(("binary", "unit"), "some", 0)

    def labels(self, split: str) -> np.ndarray | None:
        return self.sides[split] if split in self.known else None


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAELAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_learns_the_classes_and_standardises_its_features() -> None:
    data = Sided()
    net = Classifier(data, **SETTINGS | {"steps": 60})
    assert net.name == "classifier_given" and net.facts["test_accuracy"] == 1.0
    features = net(data.split("train") / 255)
    assert features.shape == (80, 8) and not net.training
    torch.testing.assert_close(features.mean(0), torch.zeros(8), atol=1e-4, rtol=0)
    assert features.var(0).mean().item() == pytest.approx(1, abs=1e-4)


def test_real_digits_are_told_apart_in_a_second() -> None:
    data = Digits(batch_size=64, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    net = Classifier(data, **SETTINGS | {"width": 32, "steps": 200, "batch_size": 64})
    assert net.name == "classifier_digits" and net.facts["test_accuracy"] > 0.9


@pytest.mark.parametrize("known", [(), ("train",)])
def test_without_classes_it_tells_turns_and_says_so(known: tuple[str, ...]) -> None:
    net = Classifier(Sided(known=known, shape=(6, 9)), **SETTINGS)
    assert net.name == "rotations_given"
    assert net(torch.rand(2, 1, 6, 9)).shape == (2, 8)
    assert 0 <= net.facts["test_accuracy"] <= 1


def test_turns_are_learnt() -> None:
    x = {split: np.zeros((60, 1, 8, 8), np.uint8) for split in SPLITS}
    for images in x.values():
        images[:, :, :2] = np.random.default_rng(0).integers(100, 256, (60, 1, 2, 8))
    data = Given(x)
    data.give(("unit",), "gaussian", 0)
    assert Classifier(data, **SETTINGS | {"steps": 60}).facts["test_accuracy"] == 1.0


def test_it_sees_the_stored_images_whatever_the_model_sees() -> None:
    nets = [Classifier(Sided(transform), **SETTINGS) for transform in ("scaling", "static_binarisation")]
    assert nets[0].facts == nets[1].facts
    assert all(torch.equal(a, b) for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True))


def test_it_is_trained_once_and_again_when_the_file_is_damaged(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weights = torch.rand(3, 1, 6, 6), []
    torch.manual_seed(1)
    weights.append(Classifier(Sided(), **SETTINGS)(x))
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after), "the noise of others goes on"
    (file,) = cache.glob("features-*.ckpt")
    with monkeypatch.context() as patch:
        patch.setattr(classifier, "train", lambda *args: pytest.fail("trained again"))
        weights.append(Classifier(Sided(), **SETTINGS)(x))
    file.write_bytes(b"cut short")
    weights.append(Classifier(Sided(), **SETTINGS)(x))
    assert torch.equal(weights[0], weights[1]) and torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("other", [{"seed": 1}, {"steps": 4}, {"width": 9}, {"lr": 1e-3}, {"batch_size": 8}])
def test_other_settings_are_another_network(other: dict[str, Any]) -> None:
    assert Classifier(Sided(), **SETTINGS).facts["key"] != Classifier(Sided(), **SETTINGS | other).facts["key"]


def test_other_images_or_classes_are_another_network() -> None:
    data, changed, renamed = Sided(), Sided(), Sided()
    changed.given["test"][0, 0, 0, 0] ^= 1
    renamed.sides["train"] = 1 - renamed.sides["train"]
    keys = {Classifier(some, **SETTINGS).facts["key"] for some in (data, changed, renamed)}
    assert len(keys) == 3


def test_images_of_any_size_have_features() -> None:
    data = Given(greys())
    data.give(("unit",), "gaussian", 0)
    net = Classifier(data, **SETTINGS)
    for h, w in ((1, 1), (4, 4), (33, 20)):
        assert net(torch.rand(2, 1, h, w)).shape == (2, 8)


def test_a_name_is_plain_in_a_figure() -> None:
    assert plain("hub (some-one/A.set)") == "hub_some_one_a_set"
