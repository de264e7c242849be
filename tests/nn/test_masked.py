"""The Gated PixelCNN sees every pixel before, within its reach, and none after."""

import pytest
import torch

from vaelab.nn.masked import GatedPixelCNN


def net(seed: int = 0, **settings: int) -> GatedPixelCNN:
    torch.manual_seed(seed)
    chosen = {"c_in": 1, "planes": 2, "features": 3, "channels": 6, "layers": 2, "kernel": 3} | settings
    return GatedPixelCNN(**chosen).double()


def influence(net: GatedPixelCNN, c_in: int, height: int, width: int) -> torch.Tensor:
    """Σ |d out at p / d x at q| as [p, q], pixels in raster order, summed over several x and all channels."""
    context = torch.randn(1, 3, height, width, dtype=torch.float64)
    n = height * width
    total = torch.zeros(n, n, dtype=torch.float64)
    for _ in range(4):
        x = torch.randn(1, c_in, height, width, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda x: net(x, context), x, vectorize=True)
        total += jacobian.abs().sum((0, 1, 4, 5)).reshape(n, n)
    return total


@pytest.mark.parametrize(("c_in", "layers", "kernel"), [(1, 5, 3), (3, 5, 3), (2, 3, 5), (1, 2, 7)])
def test_it_sees_all_pixels_before_and_none_after(c_in: int, layers: int, kernel: int) -> None:
    """Deep enough for the whole image: a blind spot would be a zero below the diagonal."""
    seen = influence(net(c_in=c_in, layers=layers, kernel=kernel), c_in, 5, 6) != 0
    assert torch.equal(seen, torch.ones_like(seen).tril(-1))


@pytest.mark.parametrize(("layers", "kernel"), [(1, 3), (2, 3), (1, 5)])
def test_a_shallow_one_sees_a_rectangle_above_and_a_stretch_to_the_left(layers: int, kernel: int) -> None:
    height, width, far = 7, 7, layers * (kernel // 2)
    model = net(layers=layers, kernel=kernel)
    assert model.reach == far + 1
    seen = influence(model, 1, height, width) != 0
    for p in range(height * width):
        for q in range(height * width):
            up, left = p // width - q // width, p % width - q % width
            above = 1 <= up <= far + 1 and abs(left) <= far
            assert seen[p, q] == (above or (up == 0 and 1 <= left <= far + 1)), (p, q)


def test_a_row_by_itself_is_that_row_of_the_image() -> None:
    """What sampling builds on: rows meet in `above` alone, and nothing further than `reach` matters."""
    model = net(layers=2)
    x, context = torch.randn(2, 1, 9, 9, dtype=torch.float64), torch.randn(2, 3, 9, 9, dtype=torch.float64)
    i, j = 7, 8
    rows, columns = slice(i - model.reach, i + 1), slice(j - model.reach, j + 1)
    known = [v[:, :, -1:, columns] for v in model.above(x[:, :, rows], context[:, :, rows])]
    row = model.along(x[:, :, i : i + 1, columns], known)
    torch.testing.assert_close(row[..., -1], model(x, context)[:, :, i : i + 1, j])


def test_the_context_is_seen_in_every_layer() -> None:
    model = net(layers=3)
    x, context = torch.randn(2, 1, 4, 4, dtype=torch.float64), torch.randn(2, 3, 4, 4, dtype=torch.float64)
    model(x, context).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("kernel", [1, 4])
def test_a_kernel_without_middle_or_neighbours_is_refused(kernel: int) -> None:
    with pytest.raises(ValueError, match="kernel must be odd, 3 or more"):
        net(kernel=kernel)
