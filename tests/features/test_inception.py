"""The TorchScript network: a tiny one of the same layout, and files that are none."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.data.given import Given
from vaelab.data.split import SPLITS
from vaelab.errors import DataError
from vaelab.features.inception import FILE, Inception


class Tiny(nn.Module):
    """Takes bytes of 3 channels as NVIDIA's file does; its features are means of each channel, and of its square."""

    def forward(self, img: Tensor, return_features: bool = False, use_fp16: bool = False) -> Tensor:
        assert img.dtype == torch.uint8 and img.shape[1] == 3
        x = img.to(torch.float32).flatten(2)
        features = torch.cat([x.mean(2), (x**2).mean(2)], dim=1)
        if return_features:
            return features
        return features.sum(1, keepdim=True)


class Other(nn.Module):
    def forward(self, img: Tensor) -> Tensor:
        return img.to(torch.float32)


def data(channels: int = 1) -> Given:
    given = Given({split: torch.zeros(8, channels, 6, 5, dtype=torch.uint8).numpy() for split in SPLITS})
    given.give(("unit",), "gaussian", 0)
    return given


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.jit.script(Tiny()).save(str(tmp_path / "tiny.pt"))
    return tmp_path / "tiny.pt"


@pytest.mark.parametrize("channels", [1, 3])
def test_it_sees_bytes_of_three_channels(file: Path, channels: int) -> None:
    inception = Inception(data(channels), path=str(file))
    assert (inception.name, inception.num_features) == ("inception", 6)
    x = torch.tensor([0.0, 0.2, 1.0]).reshape(3, 1, 1, 1).expand(3, channels, 6, 5)
    expected = torch.tensor([0.0, 51.0, 255.0])[:, None].expand(3, 3)
    torch.testing.assert_close(inception(x), torch.cat([expected, expected**2], 1))


def test_without_a_path_it_looks_in_the_cache(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAELAB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=str(tmp_path / FILE)):
        Inception(data(), path=None)
    file.rename(tmp_path / FILE)
    assert Inception(data(), path=None).facts == {"file": str(tmp_path / FILE)}


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no network")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "state.pt")
    torch.jit.script(Other()).save(str(tmp_path / "other.pt"))
    for name in ("text.pt", "state.pt", "other.pt"):
        with pytest.raises(DataError, match=name) as caught:
            Inception(data(), path=str(tmp_path / name))
        assert "\n" not in str(caught.value)


def test_images_of_other_channels_are_refused(file: Path) -> None:
    with pytest.raises(DataError, match="1 or 3 channels"):
        Inception(data(2), path=str(file))
