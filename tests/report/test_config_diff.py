from vaelab.config.paths import compose
from vaelab.report.choices import default_choices, default_config
from vaelab.report.config_diff import GONE, changes, differing, flat


def test_the_default_does_not_differ_from_itself() -> None:
    assert changes(default_config(), compose()) == []


def test_what_was_typed_is_what_differs() -> None:
    found = changes(default_config(), compose(["model.z_dims=[4,2]", "optimizer.lr=0.5", "threads=1"]))
    assert {change.setting: change.here for change in found} == {
        "model.z_dims": "[4, 2]", "optimizer.lr": "0.5", "threads": "1",
    }  # fmt: skip
    assert {change.default for change in found} == {"[32, 16]", "0.001", "null"}


def test_another_choice_brings_and_takes_settings() -> None:
    found = {change.setting: change for change in changes(default_config(), compose(["likelihood=gaussian"]))}
    assert found["likelihood"] == ("likelihood", "bernoulli", "gaussian")
    assert found["likelihood.variance"].default == GONE
    back = {change.setting: change for change in changes(compose(["likelihood=gaussian"]), default_config())}
    assert back["likelihood.variance"].here == GONE


def test_settings_of_a_group_that_the_default_has_not_are_told() -> None:
    here = compose(["objective=beta", "objective/schedule=constant", "objective.schedule.value=20"])
    assert changes(default_config(), here) == [
        ("objective", "elbo", "beta"),
        ("objective.schedule", GONE, "constant"),
        ("objective.schedule.value", GONE, "20"),
    ]


def test_known_choices_are_told_by_their_names() -> None:
    """data=mnist and data=cifar10 can be one class; logger=csv is a list of choices by default."""
    here = compose(["trainer=smoke", "objective=beta", "logger=csv"])
    chosen = {**default_choices(), "trainer": "smoke", "objective": "beta", "objective.schedule": "linear"}
    found = changes(default_config(), here, default_choices(), {**chosen, "logger": "csv", "experiment": "x"})
    assert ("trainer", "cpu", "smoke") in found and ("objective.schedule", GONE, "linear") in found
    assert not [change for change in found if change.setting in ("logger", "experiment")]
    settings = [change.setting for change in found]
    assert len(settings) == len(set(settings)) and settings.index("trainer") < settings.index("trainer.max_epochs")


def test_a_piece_that_went_is_told_once() -> None:
    found = [change.setting for change in changes(default_config(), compose(["logger=csv"]))]
    assert found == ["logger.wandb"]


def test_flat_keeps_every_leaf_once() -> None:
    assert flat({"a": {"b": 1, "c": {"d": [1, {"e": 2}]}}, "f": {}}) == {"a.b": 1, "a.c.d": [1, {"e": 2}], "f": {}}


def test_only_what_every_run_has_and_not_all_share_differs() -> None:
    assert differing([{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 4}]) == {"b": [2, 4]}
    assert differing([{"a": 1}]) == {} == differing([])
