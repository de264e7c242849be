import pytest
import torch

from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.errors import DataError


def numbered(n: int) -> torch.Tensor:
    return torch.arange(n).view(n, 1, 1, 1)


def epoch(batches: TrainBatches | EvalBatches) -> list[list[int]]:
    return [batch.x.flatten().tolist() for batch in batches]


def flat(batches: list[list[int]]) -> list[int]:
    return [i for batch in batches for i in batch]


def test_every_image_comes_at_most_once_an_epoch_in_full_batches() -> None:
    batches = TrainBatches(numbered(103), 10, seed=0)
    for _ in range(3):
        seen = epoch(batches)
        assert len(seen) == len(batches) == 10 and all(len(batch) == 10 for batch in seen)
        assert len(set(flat(seen))) == 100


def test_the_left_out_images_change_from_epoch_to_epoch() -> None:
    batches = TrainBatches(numbered(103), 10, seed=0)
    assert set(range(103)) == {i for _ in range(8) for i in flat(epoch(batches))}


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    a, b, c = (TrainBatches(numbered(40), 10, seed) for seed in (0, 0, 1))
    torch.manual_seed(5)
    first, second = epoch(a), epoch(a)
    torch.manual_seed(6)
    torch.rand(3)
    assert epoch(b) == first and epoch(b) == second
    assert first != second and epoch(c) != first
    jumped = TrainBatches(numbered(40), 10, seed=0)
    jumped.epoch = 1
    assert epoch(jumped) == second


def test_the_order_of_the_images_does_not_depend_on_the_batch_size() -> None:
    assert flat(epoch(TrainBatches(numbered(40), 10, 0))) == flat(epoch(TrainBatches(numbered(40), 8, 0)))


@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_start_goes_on_from_the_middle_with_the_same_images_and_keys(start: int) -> None:
    whole, resumed = TrainBatches(numbered(43), 10, seed=3), TrainBatches(numbered(43), 10, seed=3)
    list(whole)
    expected = [(batch.x.tolist(), batch.key) for batch in whole]
    resumed.epoch, resumed.start = 1, start
    assert [(batch.x.tolist(), batch.key) for batch in resumed] == expected[start:]
    assert (resumed.epoch, resumed.start) == (2, 0)
    assert epoch(resumed) == epoch(whole)


@pytest.mark.parametrize("world", [2, 3])
def test_ranks_share_every_epoch_without_overlap(world: int) -> None:
    ranks = [TrainBatches(numbered(101), 8, seed=0, rank=rank, world=world) for rank in range(world)]
    assert len({len(batches) for batches in ranks}) == 1
    shares = [flat(epoch(batches)) for batches in ranks]
    assert len(set().union(*shares)) == sum(map(len, shares)) == world * len(ranks[0]) * 8


def test_no_two_batches_share_a_key() -> None:
    ranks = [TrainBatches(numbered(40), 8, seed=0, rank=rank, world=2) for rank in range(2)]
    keys = [batch.key for batches in ranks for _ in range(3) for batch in batches]
    keys += [b.key for s in ("val", "test") for b in EvalBatches(numbered(40), 8, 0, s)]
    assert len(set(keys)) == len(keys)


def test_a_batch_is_never_larger_than_the_data() -> None:
    assert [len(batch) for batch in epoch(TrainBatches(numbered(5), 128, seed=0))] == [5]
    with pytest.raises(DataError, match="2 processes"):
        TrainBatches(numbered(1), 128, seed=0, world=2)


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [40, 43])
def test_evaluation_visits_every_image_exactly_once_with_a_ragged_end(n: int, world: int) -> None:
    ranks = [EvalBatches(numbered(n), 8, 0, "val", rank, world) for rank in range(world)]
    batches = [epoch(rank) for rank in ranks]
    assert [len(rank) for rank in ranks] == [len(seen) for seen in batches]
    assert sorted(flat(flat(batches))) == list(range(n))
    assert min(len(batch) for seen in batches for batch in seen if batch) == (n % 8 or 8)


@pytest.mark.parametrize("world", [2, 3])
def test_evaluation_batches_and_keys_are_those_of_one_process(world: int) -> None:
    def keyed(rank: int, world: int) -> set[tuple[int, ...]]:
        return {(b.key, *b.x.flatten().tolist()) for b in EvalBatches(numbered(43), 8, 7, "test", rank, world)}

    assert set().union(*(keyed(rank, world) for rank in range(world))) == keyed(0, 1)


def test_with_fewer_batches_than_processes_all_come_to_the_same_places() -> None:
    x = torch.arange(5.0)[:, None]
    ranks = [list(EvalBatches(x, 4, 0, "val", rank, 3)) for rank in range(3)]
    assert [[len(batch.x) for batch in batches] for batches in ranks] == [[4], [1], [0]]
    assert [len(EvalBatches(x, 4, 0, "val", rank, 3)) for rank in range(3)] == [1, 1, 1]
