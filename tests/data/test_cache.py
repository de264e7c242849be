import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from vaelab.data.cache import Decoded, cached
from vaelab.data.split import SPLITS
from vaelab.errors import DataError, ResourceError

X = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 5), dtype=np.uint8)


class Counted:
    """A decoder of X that counts its calls and may be stopped after so many images."""

    def __init__(self, stop: BaseException | None = None, pause: float = 0.0) -> None:
        self.calls, self.stop, self.pause = 0, stop, pause

    def images(self, x: np.ndarray) -> Iterator[np.ndarray]:
        for i, image in enumerate(x):
            time.sleep(self.pause)
            if self.stop is not None and i == 3:
                raise self.stop
            yield image

    def __call__(self) -> Decoded:
        self.calls += 1
        return {split: (len(X), self.images(X)) for split in SPLITS}


def test_images_are_decoded_once_for_a_key(cache: Path) -> None:
    decode = Counted()
    for _ in range(2):
        splits = cached({"a": 1}, decode, "mydata")
        assert all(np.array_equal(splits[split], X) and splits[split].dtype == np.uint8 for split in SPLITS)
    assert decode.calls == 1
    cached({"a": 2}, decode, "mydata")
    assert decode.calls == 2
    assert len(list(cache.glob("*.npy"))) == 6


def test_a_map_gives_no_warning_and_writing_to_it_changes_no_file() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.from_numpy(np.asarray(cached({}, Counted(), "mydata")["train"])).zero_()
    assert np.array_equal(cached({}, Counted(), "mydata")["train"], X)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), DataError("x.png is damaged")])
def test_an_interrupted_decode_leaves_nothing_half_made(cache: Path, stop: BaseException) -> None:
    with pytest.raises(type(stop)):
        cached({}, Counted(stop), "mydata")
    assert [file.suffix for file in cache.iterdir()] == [".lock"]
    assert np.array_equal(cached({}, Counted(), "mydata")["test"], X)


def test_what_a_killed_process_left_is_decoded_anew(cache: Path) -> None:
    cached({}, Counted(), "mydata")
    for file in cache.glob("*.npy"):
        file.with_suffix(".tmp").write_bytes(b"half")
        file.write_bytes(file.read_bytes()[:-1])
    decode = Counted()
    assert np.array_equal(cached({}, decode, "mydata")["val"], X) and decode.calls == 1
    assert not list(cache.glob("*.tmp"))


def test_of_several_at_once_one_decodes_and_the_others_wait() -> None:
    decode = Counted(pause=0.01)
    found: list[np.ndarray] = []

    def read() -> None:
        found.append(cached({}, decode, "mydata")["val"])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decode.calls == 1 and len(found) == 4 and all(np.array_equal(x, X) for x in found)


def test_a_split_without_images_is_refused() -> None:
    with pytest.raises(DataError, match="mydata: val has no images"):
        cached({}, lambda: Counted()() | {"val": (0, iter(()))}, "mydata")


def test_a_cache_that_cannot_be_written_is_one_line_naming_the_variable(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAELAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="VAELAB_CACHE"):
        cached({}, Counted(), "mydata")
