import shutil
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vaelab.data import reach
from vaelab.data.hub import Hub
from vaelab.data.split import SPLITS
from vaelab.errors import ConfigError, DataError

datasets = pytest.importorskip("datasets")
RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 6, 5), dtype=np.uint8)


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hugging Face's own cache in the test's folder, and no bars."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    datasets.disable_progress_bars()
    return tmp_path / "hf"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nothing listens."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


def table(x: np.ndarray, column: str = "image", **more: Any) -> Any:
    columns = {column: [Image.fromarray(image) for image in x], "label": list(range(len(x))), **more}
    features = {column: datasets.Image(), "label": datasets.Value("int64")}
    features |= {name: datasets.Image() for name in more}
    return datasets.Dataset.from_dict(columns, datasets.Features(features))


def hub_folder(root: Path, **splits: Any) -> Path:
    """A data set as it lies in a repository of the hub."""
    (root / "data").mkdir(parents=True)
    for split, rows in splits.items():
        rows.to_parquet(root / "data" / f"{split}-00000-of-00001.parquet")
    return root


def hub(path: Path | str, val: str | None = None, test: str | None = "test", **settings: Any) -> Hub:
    defaults: dict[str, Any] = {"config_name": None, "image": None, "size": None, "channels": 3}
    defaults |= {"splits": {"train": "train", "val": val, "test": test}}
    return Hub(path=str(path), batch_size=4, transform="auto", **defaults | settings)


def refusal(data: Hub) -> str:
    with pytest.raises(DataError) as caught:
        data.split("train")
    assert "\n" not in str(caught.value) and data.path in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("column", ["image", "img", "picture"])
def test_the_image_column_is_found_and_colours_come_as_n_3_h_w(tmp_path: Path, column: str) -> None:
    data = hub(hub_folder(tmp_path / "set", train=table(RGB, column), test=table(RGB[:7], column)))
    assert data.x_shape == (3, 6, 5)
    assert np.array_equal(data.split("test").numpy(), RGB[:7].transpose(0, 3, 1, 2))
    assert [len(data.split(split)) for split in SPLITS] == [18, 2, 7]
    together = [x.tobytes() for split in ("train", "val") for x in data.split(split).numpy()]
    assert sorted(together) == sorted(x.transpose(2, 0, 1).tobytes() for x in RGB)


def test_three_splits_are_used_as_they_are_and_only_train_is_cut_80_10_10(tmp_path: Path) -> None:
    path = hub_folder(tmp_path / "set", train=table(GREY), validation=table(GREY[:3]), test=table(GREY[:7]))
    data = hub(path, val="validation", channels=1)
    assert np.array_equal(data.split("train").numpy(), GREY[:, None])
    assert [len(data.split(split)) for split in SPLITS] == [20, 3, 7]
    data = hub(path, test=None, channels=1)
    assert [len(data.split(split)) for split in SPLITS] == [16, 2, 2]


def test_one_channel_is_grey_and_a_size_resizes(tmp_path: Path) -> None:
    path = hub_folder(tmp_path / "set", train=table(RGB), test=table(RGB))
    grey = hub(path, channels=1).split("test").numpy()
    assert (abs(grey[:, 0] - RGB @ np.array([0.299, 0.587, 0.114])) <= 1).all()
    assert hub(path, size=[3, 2]).x_shape == (3, 3, 2)


def test_a_column_can_be_named_and_must_be_where_several_hold_images(tmp_path: Path) -> None:
    rows = table(RGB, "left", right=[Image.fromarray(x) for x in RGB[::-1]])
    path = hub_folder(tmp_path / "set", train=rows, test=rows)
    assert "data.image, one of left, right" in refusal(hub(path))
    assert np.array_equal(hub(path, image="right").split("test").numpy(), RGB[::-1].transpose(0, 3, 1, 2))
    for column in ("middle", "label"):
        assert "data.image may be one of left, label, right" in refusal(hub(path, image=column))


def test_an_unknown_split_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    path = hub_folder(tmp_path / "set", train=table(RGB), test=table(RGB))
    message = refusal(hub(path, val="valid"))
    assert "valid" in message and "train" in message and "test" in message
    (tmp_path / "empty").mkdir()
    assert "cannot be loaded" in refusal(hub(tmp_path / "empty"))


def test_a_row_without_an_image_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict(
        {"image": [{"bytes": b"no image", "path": None}] * 3}, datasets.Features({"image": datasets.Image()})
    )
    assert "row 0 cannot be read" in refusal(hub(hub_folder(tmp_path / "a", train=rows, test=rows)))
    rows = datasets.Dataset.from_dict({"image": [None] * 3}, datasets.Features({"image": datasets.Image()}))
    assert "row 0 has no image" in refusal(hub(hub_folder(tmp_path / "b", train=rows, test=rows)))


def test_a_decoded_set_is_read_again_without_datasets_until_its_files_change(tmp_path: Path, monkeypatch) -> None:
    path = hub_folder(tmp_path / "set", train=table(RGB), test=table(RGB))
    first = hub(path).split("train")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "datasets", None)
        assert np.array_equal(hub(path).split("train"), first)
    shutil.rmtree(path)
    hub_folder(path, train=table(255 - RGB), test=table(RGB))
    assert np.array_equal(hub(path).split("train"), 255 - first)


def test_without_the_package_the_message_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "pip install 'vaelab[hub]'" in refusal(hub(tmp_path))


def test_an_id_without_a_network_is_one_line_within_seconds(no_network: None) -> None:
    start = time.monotonic()
    message = refusal(hub("ylecun/mnist"))
    assert time.monotonic() - start < 5
    assert "could not be reached" in message and "offline" in message
    for way_out in ("unset", "data=mnist5k", "data=hub data.path=", "data=arrays", "data=folder"):
        assert way_out in message


def test_a_network_that_swallows_everything_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(reach, "SECONDS", 0.2)
        start = time.monotonic()
        assert not reach.reachable()
        assert time.monotonic() - start < 2


def test_offline_mode_asks_nobody_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    monkeypatch.setattr("huggingface_hub.utils.get_session", lambda: pytest.fail("asked"))
    with reach.offline():
        assert not reach.reachable() and datasets.config.HF_HUB_OFFLINE
    assert before == (datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE)


def test_a_set_in_hugging_faces_cache_loads_without_a_network(tmp_path: Path, quiet: Path, no_network: None) -> None:
    datasets.load_dataset(str(hub_folder(tmp_path / "faces", train=table(RGB), test=table(RGB))))
    # renamed to what a download of acme/faces would have left there
    (quiet / "faces").rename(quiet / "acme___faces")
    assert np.array_equal(hub("acme/faces").split("test").numpy(), RGB.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("path", ["./nowhere", "/nowhere/set", "~/nowhere", "a/b/c"])
def test_a_path_that_is_no_folder_is_not_taken_for_an_id(path: str) -> None:
    assert "no such folder" in refusal(hub(path))


@pytest.mark.parametrize(
    "splits",
    [
        {"train": "train"},
        {"train": None, "val": None, "test": "test"},
        {"train": "train", "dev": "dev", "test": "test"},
    ],
)
def test_splits_name_train_val_and_test(splits: dict[str, str | None]) -> None:
    with pytest.raises(ConfigError, match=r"data\.splits"):
        hub("acme/faces", splits=splits)
