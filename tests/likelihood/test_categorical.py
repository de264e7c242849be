import math

import pytest
import torch

from vaelab.likelihood import Categorical


def test_it_is_torch_own_categorical_of_each_channel() -> None:
    torch.manual_seed(0)
    params = torch.randn(5, 3 * 256, 2, 4)
    x = torch.randint(0, 256, (5, 3, 2, 4))
    by_channel = [
        torch.distributions.Categorical(logits=params[:, 256 * c : 256 * (c + 1)].movedim(1, -1)).log_prob(x[:, c])
        for c in range(3)
    ]
    expected = torch.stack(by_channel).sum((0, 2, 3))
    torch.testing.assert_close(Categorical((3, 2, 4))(params).log_prob(x.float()), expected)


def test_equal_logits_are_eight_bits_a_byte() -> None:
    p = Categorical((3, 2, 4))(torch.full((1, 3 * 256, 2, 4), 7.0))
    nats = p.log_prob(torch.randint(0, 256, (10, 3, 2, 4)).float())
    assert (-nats / (24 * math.log(2))).tolist() == pytest.approx([8.0] * 10)
    torch.testing.assert_close(p.mean, torch.full((1, 3, 2, 4), 127.5))
