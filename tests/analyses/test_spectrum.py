import json
from functools import partial
from pathlib import Path

import pytest

from tests.analyses.subject import subject
from vaelab.analyses.spectrum import Spectrum
from vaelab.likelihood import Gaussian


@pytest.mark.parametrize("images", [40, None])
def test_the_eigenvalues_above_the_variance_of_the_decoder_are_counted(images: int | None, tmp_path: Path) -> None:
    given = subject(tmp_path, [4, 3], make_likelihood=partial(Gaussian, variance=0.5))
    told = Spectrum(images=images)(given)
    assert json.loads(json.dumps(told)) == told
    x = given.images(images, "spectrum", "train").flatten(1).double()
    assert told["n"] == len(x) and len(told["eigenvalues"]) == min(len(x), 64)
    assert told["eigenvalues"] == sorted(told["eigenvalues"], reverse=True)
    assert sum(told["eigenvalues"]) == pytest.approx(x.var(0, correction=0).sum().item())
    assert told["sigma2"] == pytest.approx(0.5) and told["units"] == 7
    assert told["above"] == sum(value > 0.5 for value in told["eigenvalues"])
    wide = Spectrum(images=images)(subject(tmp_path, [4], make_likelihood=partial(Gaussian, variance=50.0)))
    assert wide["above"] == 0


def test_a_likelihood_without_a_variance_has_none(tmp_path: Path) -> None:
    told = Spectrum(images=20)(subject(tmp_path, [4]))
    assert told["sigma2"] is None and told["above"] is None and told["units"] == 4
