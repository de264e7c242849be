import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vaelab.data.arrays import Arrays
from vaelab.data.split import CUT_SEED, SPLITS, cut
from vaelab.errors import DataError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 6, 5), dtype=np.uint8)


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def arrays(path: Path, layout: Any = "auto") -> Arrays:
    return Arrays(path=str(path), layout=layout, batch_size=4, transform="auto")


def refusal(path: Path, layout: Any = "auto") -> str:
    with pytest.raises(DataError) as caught:
        arrays(path, layout).split("train")
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def test_the_splits_of_an_npz_are_used_as_they_are(tmp_path: Path) -> None:
    parts = {"train": GREY[:12], "val": GREY[12:16], "test": GREY[16:]}
    data = arrays(saved(tmp_path / "x.npz", labels=np.arange(3), **parts))
    for split in SPLITS:
        assert data.split(split).dtype == torch.uint8
        assert np.array_equal(data.split(split).numpy(), parts[split][:, None])


@pytest.mark.parametrize("given", [("train",), ("train", "val"), ("train", "test")])
def test_a_missing_split_is_cut_off_train(tmp_path: Path, given: tuple[str, ...]) -> None:
    data = arrays(saved(tmp_path / "x.npz", **dict.fromkeys(given, GREY)))
    sizes = {split: len(data.split(split)) for split in SPLITS}
    missing = [split for split in SPLITS if split not in given]
    assert sizes == dict.fromkeys(given, 20) | dict.fromkeys(missing, 2) | {"train": 20 - 2 * len(missing)}
    cut_up = torch.cat([data.split(split) for split in SPLITS if split in missing or split == "train"])
    assert sorted(map(bytes, cut_up.numpy())) == sorted(map(bytes, GREY))


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_single_array_is_split_80_10_10_always_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    np.save(path, GREY) if name == "x.npy" else np.savez(path, images=GREY)
    rows = cut(20, (0.1, 0.1), CUT_SEED)
    assert [len(rows[split]) for split in SPLITS] == [16, 2, 2]
    for split in SPLITS:
        assert np.array_equal(arrays(path).split(split).numpy(), GREY[rows[split], None])


SPECIAL = np.array([0.1, -1e-45, 3e38, 1.0000001], np.float32)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.resize(SPECIAL, (20, 2, 2)), np.resize(SPECIAL, (20, 2, 2))),
        (np.resize(SPECIAL, (20, 2, 2)).astype(">f4"), np.resize(SPECIAL, (20, 2, 2))),
        (np.full((20, 2, 2), 0.1), np.full((20, 2, 2), np.float32(0.1))),
        (np.full((20, 2, 2), 0.5, np.float16), np.full((20, 2, 2), np.float32(0.5))),
        (GREY, GREY),
        (GREY.astype(np.int64), GREY),
        (GREY.astype(">u2"), GREY),
        (GREY > 99, (GREY > 99).astype(np.float32)),
    ],
    ids=lambda x: str(x.dtype),
)
def test_values_keep_their_meaning(tmp_path: Path, x: np.ndarray, expected: np.ndarray) -> None:
    read = arrays(saved(tmp_path / "x.npz", train=x, val=x, test=x)).split("val").numpy()
    assert read.dtype == expected.dtype and read.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (GREY.astype(int) - 1, "whole numbers from -1 to"),
        (GREY.astype(int) + 1, "to 256; bytes must be 0..255"),
        ((GREY > 99).astype(np.uint8), "only 0 and 1"),
        (GREY.astype(complex), "of type complex128"),
        (np.full((20, 2, 2), "cat"), "of type <U3"),
    ],
    ids=["negative", "256", "zeros_and_ones", "complex", "text"],
)
def test_values_without_a_meaning_are_refused(tmp_path: Path, x: np.ndarray, words: str) -> None:
    assert words in refusal(saved(tmp_path / "x.npz", train=x))


@pytest.mark.parametrize(
    ("layout", "shape", "expected"),
    [
        ("auto", (20, 6, 5), (1, 6, 5)),
        ("nhw", (20, 6, 5), (1, 6, 5)),
        ("auto", (20, 1, 6, 5), (1, 6, 5)),
        ("auto", (20, 6, 5, 1), (1, 6, 5)),
        ("auto", (20, 3, 6, 5), (3, 6, 5)),
        ("auto", (20, 6, 5, 3), (3, 6, 5)),
        ("auto", (20, 6, 5, 4), (4, 6, 5)),
        ("nchw", (20, 3, 5, 3), (3, 5, 3)),
        ("nhwc", (20, 3, 5, 3), (3, 3, 5)),
        ("nchw", (20, 2, 6, 5), (2, 6, 5)),
    ],
)
def test_a_layout_gives_channels_height_and_width(tmp_path: Path, layout: str, shape: Any, expected: Any) -> None:
    x = RNG.integers(0, 256, shape, dtype=np.uint8)
    data = arrays(saved(tmp_path / "x.npz", train=x, val=x, test=x), layout)
    assert data.x_shape == expected
    channels_last = expected[0] == shape[-1] and (layout == "nhwc" or shape[1] != expected[0])
    truth = np.moveaxis(x, -1, 1) if channels_last else x.reshape(20, *expected)
    assert np.array_equal(data.split("test").numpy(), truth)


@pytest.mark.parametrize(
    ("layout", "shape", "words"),
    [
        ("auto", (20, 3, 5, 3), ["data.layout=nchw", "data.layout=nhwc"]),
        ("auto", (20, 1, 5, 1), ["data.layout=nchw", "data.layout=nhwc"]),
        ("auto", (20, 6, 5, 7), ["data.layout=nchw", "data.layout=nhwc"]),
        ("auto", (20, 30), ["[N, 1, H, W]", "H·W = 30"]),
        ("auto", (), ["does not fit"]),
        ("auto", (20, 1, 1, 6, 5), ["does not fit"]),
        ("nhw", (20, 1, 6, 5), ["data.layout=nhw"]),
        ("nchw", (20, 6, 5), ["data.layout=nchw"]),
    ],
)
def test_a_shape_that_fits_no_layout_or_two_is_refused(tmp_path: Path, layout: str, shape: Any, words: Any) -> None:
    message = refusal(saved(tmp_path / "x.npz", train=np.zeros(shape, np.uint8)), layout)
    assert all(word in message for word in words)


def test_a_nan_is_named_by_its_place_in_the_file_also_after_a_cut(tmp_path: Path) -> None:
    for bad in range(20):
        x = GREY.astype(np.float32)
        x[bad, 3, 3] = np.nan
        np.save(tmp_path / "x.npy", x)
        assert f"image {bad} (counted from 0) of {tmp_path / 'x.npy'} holds NaN" in refusal(tmp_path / "x.npy")
    x = np.zeros((4, 2, 2))
    x[2] = 1e300
    message = refusal(saved(tmp_path / "x.npz", train=np.zeros((9, 2, 2)), val=x))
    assert f"image 2 (counted from 0) of array 'val' of {tmp_path / 'x.npz'} holds NaN or inf" in message


def test_empty_missing_and_unlike_splits_are_named_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    assert "array 'test' of" in refusal(saved(path, train=GREY, test=GREY[:0]))
    assert "0 images are too few" in refusal(saved(path, train=GREY[:0]))
    assert "array 'train' of" in refusal(saved(path, train=GREY[:0], val=GREY, test=GREY))
    assert "holds the arrays val, test; expected one named train" in refusal(saved(path, val=GREY, test=GREY))
    assert "holds the arrays x, y" in refusal(saved(path, x=GREY, y=GREY))
    assert "(none)" in refusal(saved(path))
    assert "array 'val' of" in refusal(saved(path, train=GREY, val=GREY[:, :3]))
    assert "array 'val' of" in refusal(saved(path, train=GREY, val=GREY.astype(np.float32)))


class Bomb:
    """Unpickling it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_pickles_are_refused_and_never_run(tmp_path: Path) -> None:
    path, exploded = tmp_path / "x.npz", tmp_path / "exploded"
    objects = np.full((20, 2), Bomb(exploded), object)
    assert "objects" in refusal(saved(path, train=objects))
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    refusal(tmp_path / "x.npy")
    path.write_bytes(pickle.dumps(Bomb(exploded)))
    refusal(path)
    assert not exploded.exists()


def test_every_truncation_and_every_other_file_gives_one_line(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", train=GREY)
    np.save(tmp_path / "x.npy", GREY)
    broken = tmp_path / "broken"
    for name in ("x.npz", "x.npy"):
        whole = (tmp_path / name).read_bytes()
        for size in range(0, len(whole), 23):
            broken.write_bytes(whole[:size])
            assert "cannot be read as .npz or .npy" in refusal(broken)
    header = (tmp_path / "x.npy").read_bytes().replace(b"(20, 6, 5)", b"(20, 6, 5 ")
    for content in (b"hello", b"\x89PNG\r\n", header):
        broken.write_bytes(content)
        refusal(broken)
    refusal(tmp_path)
    refusal(tmp_path / "absent.npz")


@pytest.mark.parametrize("shape", [(20, 1, 4, 4), (20, 4, 4, 1), (20, 3, 4, 4)])
def test_a_side_of_four_pixels_is_not_taken_for_channels(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = RNG.normal(size=shape).astype(np.float32)
    path = saved(tmp_path / "x.npz", train=x, val=x, test=x)
    assert arrays(path).x_shape == ((3, 4, 4) if shape[1] == 3 else (1, 4, 4))
