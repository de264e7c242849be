"""The next command is one that can be typed."""

import pytest

from vaelab.config.again import changed


@pytest.mark.parametrize(
    ("before", "new", "command"),
    [
        ([], ["objective=elbo"], "vaelab train objective=elbo"),
        (["model=vae", "hydra.run.dir=x"], ["seed=1"], "vaelab train model=vae seed=1"),
        # a setting in the place of itself
        (["objective=beta", "objective.schedule.value=20"], ["objective.schedule.value=1"],
         "vaelab train objective=beta objective.schedule.value=1"),
        # another choice takes what belonged to the old one away
        (["objective=beta", "objective/schedule=constant", "objective.schedule.value=20", "seed=3"],
         ["objective=elbo"], "vaelab train seed=3 objective=elbo"),
        (["+callbacks.ema.decay=0.9", "data=digits"], ["callbacks=aggressive"],
         "vaelab train data=digits callbacks=aggressive"),
        (["objective/schedule=linear", "objective.schedule.end=4"], ["objective/schedule=constant"],
         "vaelab train objective/schedule=constant"),
        (["model.z_dims=[8,4]"], ["encoder=top_down"], "vaelab train 'model.z_dims=[8,4]' encoder=top_down"),
    ],
)  # fmt: skip
def test_the_next_command(before: list[str], new: list[str], command: str) -> None:
    assert changed(before, new) == command
