from tests.config.example import config
from vaelab.config.keys import settings_of


def test_settings_with_a_default_in_code_are_named_too() -> None:
    names = settings_of(config())
    assert {"model", "model.z_dims", "encoder.net.widths", "trainer.max_epochs"} <= set(names)
    assert "trainer.max_time" in names  # in no file of conf/trainer
    assert not any("_target_" in name for name in names)
    assert len(names) == len(set(names))


def test_a_broken_target_is_no_obstacle() -> None:
    assert "data.batch_size" in settings_of(config({"data._target_": "vaelab.no.Such"}))
