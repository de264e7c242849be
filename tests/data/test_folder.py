import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vaelab.data.folder import Folder
from vaelab.data.pixels import Decoder, to_bytes
from vaelab.data.split import SPLITS
from vaelab.errors import ConfigError, DataError

RNG = np.random.default_rng(0)


def folder(path: Path, size: list[int] | None = None, channels: Any = 3) -> Folder:
    return Folder(path=str(path), size=size, channels=channels, batch_size=4, transform="auto")


def fill(root: Path, names: list[str], h: int = 4, w: int = 6) -> dict[str, np.ndarray]:
    """Random RGB images [H, W, 3] in files of these names."""
    made = {name: RNG.integers(0, 256, (h, w, 3), dtype=np.uint8) for name in names}
    for name, x in made.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(root / name)
    return made


def refusal(path: Path, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        folder(path, **settings).split("train")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_images_keep_every_byte_and_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ["b/2.png", "a.PNG", "b/10.bmp", "c/d/e/f.tif", "z.png"]
    made = fill(tmp_path, [f"{split}/{name}" for split in SPLITS for name in names])
    data = folder(tmp_path)
    for split in SPLITS:
        truth = [made[name].transpose(2, 0, 1) for name in sorted(made) if name.startswith(split)]
        assert np.array_equal(data.split(split).numpy(), truth)


@pytest.mark.parametrize("val", ["val", "valid", "validation"])
def test_subfolders_are_splits_and_nothing_else_is_read(tmp_path: Path, val: str) -> None:
    fill(tmp_path, [f"train/{i}.png" for i in range(5)] + [f"{val}/{i}.png" for i in range(3)])
    fill(tmp_path, ["test/a.png", "other/a.png", "train.png"])
    data = folder(tmp_path)
    assert [len(data.split(split)) for split in SPLITS] == [5, 3, 1]


def test_a_missing_subfolder_is_cut_off_train(tmp_path: Path) -> None:
    fill(tmp_path, [f"train/{i}.png" for i in range(20)] + ["test/a.png"])
    data = folder(tmp_path)
    assert [len(data.split(split)) for split in SPLITS] == [18, 2, 1]


def test_a_folder_without_splits_is_cut_80_10_10_always_alike(tmp_path: Path) -> None:
    made = fill(tmp_path, [f"cats/{i}.png" for i in range(10)] + [f"dogs/{i}.png" for i in range(10)])
    splits = {split: folder(tmp_path).split(split).numpy() for split in SPLITS}
    assert [len(splits[split]) for split in SPLITS] == [16, 2, 2]
    together = sorted(x.tobytes() for split in SPLITS for x in splits[split])
    assert together == sorted(x.transpose(2, 0, 1).tobytes() for x in made.values())
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    assert np.array_equal(folder(tmp_path).split("test").numpy(), splits["test"])


def test_every_ending_is_read_and_hidden_files_are_not(tmp_path: Path) -> None:
    endings = ["png", "jpg", "jpeg", "bmp", "webp", "gif", "tif"]
    fill(tmp_path, [f"{split}/x.{ending}" for split in SPLITS for ending in endings])
    fill(tmp_path, ["train/.x.png", "train/.checkpoints/x.png"])
    (tmp_path / "train" / "notes.txt").write_text("no image")
    assert [len(folder(tmp_path).split(split)) for split in SPLITS] == [7, 7, 7]


def test_a_resize_is_of_the_centred_crop_and_is_antialiased() -> None:
    x = np.zeros((8, 16, 3), np.uint8)
    x[:, :4], x[:, 12:] = 255, 255  # what the crop to a square must cut away
    x[:, 4:12] = np.where(np.indices((8, 8)).sum(0) % 2, 200, 100)[..., None]
    assert (to_bytes(Image.fromarray(x), (8, 8), 3) == x[:, 4:12].transpose(2, 0, 1)).all()
    small = to_bytes(Image.fromarray(x), (2, 2), 3).astype(int)
    assert small.shape == (3, 2, 2) and (abs(small - 150) <= 2).all()  # without antialiasing 100 or 200
    assert to_bytes(Image.fromarray(x), (3, 5), 1).shape == (1, 3, 5)


def test_grey_is_the_luminance_and_rgb_of_grey_is_three_times_the_same(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    grey = to_bytes(Image.fromarray(x), None, 1)
    assert (abs(grey[0] - x @ np.array([0.299, 0.587, 0.114])) <= 1).all()
    assert np.array_equal(to_bytes(Image.fromarray(grey[0]), None, 3), np.repeat(grey, 3, 0))


def test_an_image_is_turned_as_its_camera_says_and_transparency_is_white() -> None:
    photo = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    photo.getexif()[0x0112] = 6  # the tag of orientation: a quarter turn clockwise
    assert to_bytes(photo, None, 1)[0].tolist() == [[3, 0], [4, 1], [5, 2]]
    clear = Image.new("RGBA", (1, 1), (10, 20, 30, 0))
    assert to_bytes(clear, None, 3).ravel().tolist() == [255, 255, 255]


def test_sixteen_bit_images_are_refused_and_not_clipped(tmp_path: Path) -> None:
    for name in ("deep.png", "e.png", "f.png"):
        Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(tmp_path / name)
    message = refusal(tmp_path)
    assert ".png has more than" in message and "8 bits" in message


def test_images_of_two_sizes_ask_for_a_size(tmp_path: Path) -> None:
    fill(tmp_path, [f"{i}.png" for i in range(9)])
    fill(tmp_path, ["tall.png"], h=9)
    message = refusal(tmp_path)
    assert "data.size=[H,W]" in message and "tall.png" in message
    assert folder(tmp_path, [4, 4]).x_shape == (3, 4, 4)


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    fill(tmp_path, [f"{i}.png" for i in range(5)])
    whole = (tmp_path / "3.png").read_bytes()
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        (tmp_path / "3.png").write_bytes(content)
        assert str(tmp_path / "3.png") in refusal(tmp_path)
    (tmp_path / "3.png").unlink()
    (tmp_path / "3.png").symlink_to(tmp_path / "nowhere.png")
    assert str(tmp_path / "3.png") in refusal(tmp_path)


def test_a_folder_without_images_and_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    assert "has no images" in refusal(tmp_path)
    assert "data=arrays" in refusal(tmp_path / "x.txt")
    fill(tmp_path, ["test/a.png"])
    assert "no images in train/" in refusal(tmp_path)


@pytest.mark.parametrize("size", [[4], [4, 4, 3], [0, 4]])
def test_a_size_is_two_numbers_above_0(size: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"data\.size"):
        Decoder(size, 3)


def test_images_are_decoded_again_when_a_file_or_a_setting_changes(tmp_path: Path, monkeypatch) -> None:
    fill(tmp_path, [f"{i}.png" for i in range(5)])
    opened: list[Path] = []
    monkeypatch.setattr(Image, "open", lambda file, real=Image.open: opened.append(file) or real(file))

    def decoded(**settings: Any) -> int:
        opened.clear()
        folder(tmp_path, **settings).split("train")
        return len(opened)

    assert (decoded(), decoded()) == (5, 0)
    assert (decoded(channels=1), decoded(size=[2, 2]), decoded()) == (5, 5, 0)
    os.utime(tmp_path / "2.png", ns=(1, 1))
    assert (decoded(), decoded()) == (5, 0)
    os.rename(tmp_path / "2.png", tmp_path / "7.png")
    assert decoded() == 5
    fill(tmp_path, ["8.png"])
    assert decoded() == 6
