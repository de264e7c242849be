from vaelab.config.near import did_you_mean, near_keys

KEYS = [
    "model",
    "model.z_dims",
    "optimizer.lr",
    "encoder.net.widths",
    "decoder.net.widths",
    "data.batch_size",
]


def test_the_nearest_name_is_offered_or_none() -> None:
    assert did_you_mean("pathh", ["path", "batch_size"]) == "; did you mean 'path'?"
    assert did_you_mean("zzz", ["path"]) == ""


def test_a_key_is_near_by_its_end_or_by_its_spelling() -> None:
    assert near_keys("lr", KEYS) == ["optimizer.lr"]
    assert near_keys("encoder.widths", KEYS) == ["encoder.net.widths", "decoder.net.widths"]
    assert near_keys("model.z_dmis", KEYS) == ["model.z_dims"]
    assert near_keys("modle", KEYS) == ["model"]
    assert near_keys("quite.other", KEYS) == []
