"""Every network family: any shape in, the promised shape out, any number of leading dimensions."""

from functools import partial

import pytest
import torch

from vaelab.nn import NetFactory
from vaelab.nn.conv import conv
from vaelab.nn.linear import linear
from vaelab.nn.mlp import mlp

FAMILIES: dict[str, NetFactory] = {
    "linear": linear,
    "mlp": partial(mlp, widths=[7, 5], depth=2, activation="relu", norm="none"),
    "mlp batch norm": partial(mlp, widths=[7, 5], depth=1, activation="tanh", norm="batch"),
    "conv": partial(conv, channels=[4, 6], widths=[9], activation="relu", norm="none"),
    "conv batch norm": partial(conv, channels=[4, 6, 5], widths=[9], activation="silu", norm="batch"),
    "conv layer norm": partial(conv, channels=[4], widths=[9], activation="gelu", norm="layer"),
}
IMAGES = [(1, 28, 28), (3, 32, 32), (1, 7, 13), (2, 5, 1), (1, 1, 16), (3, 9, 10)]


@pytest.mark.parametrize("image", IMAGES, ids=str)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_becomes_a_vector_and_a_vector_an_image(family: str, image: tuple[int, int, int]) -> None:
    make = FAMILIES[family]
    down, up = make(image, (6,), 0), make((6,), image, 0)
    x = torch.randn(4, *image)
    assert down(x).shape == (4, 6)
    assert up(down(x)).shape == (4, *image)


@pytest.mark.parametrize("family", FAMILIES)
def test_leading_dimensions_are_kept_and_do_not_mix(family: str) -> None:
    torch.manual_seed(0)
    net = FAMILIES[family]((1, 8, 8), (3,), 0).eval()
    x = torch.randn(2, 5, 1, 8, 8)
    torch.testing.assert_close(net(x)[1, 2], net(x[1, 2][None])[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_features_end_in_a_vector_whose_shape_is_told(family: str) -> None:
    net = FAMILIES[family]((1, 8, 8), None, 1)
    assert net(torch.randn(4, 1, 8, 8)).shape == (4, *net.out_shape)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_gets_a_gradient(family: str) -> None:
    torch.manual_seed(0)
    for shapes in [((1, 8, 8), (3,)), ((3,), (1, 8, 8)), ((3,), (4,))]:
        net = FAMILIES[family](*shapes, 0)
        net(torch.randn(6, *shapes[0])).square().sum().backward()
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_widths_go_by_layer_and_the_last_repeats() -> None:
    make = FAMILIES["mlp"]
    assert [make((3,), None, layer).out_shape for layer in range(4)] == [(7,), (5,), (5,), (5,)]


def test_conv_from_image_to_image_is_refused() -> None:
    with pytest.raises(ValueError, match="not an image to an image"):
        FAMILIES["conv"]((1, 8, 8), (1, 8, 8), 0)
