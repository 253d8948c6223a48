"""Settings: laid over one another, changed by name, saved and read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wmsim.config import (
    Config,
    as_json,
    differences,
    overlay,
    override,
    read_config,
    save_config,
)
from wmsim.errors import ConfigError, WmsimError


class Oven(Config):
    heat: float = 200.0
    mode: str = "fan"
    racks: tuple[int, ...] = (1, 2)
    light: bool = False


class Kitchen(Config):
    oven: Oven = Oven()
    cook: str | None = None
    seats: int = 4


def test_only_what_is_named_changes():
    kitchen = override(Kitchen(seats=6), ["oven.heat=1.5e2", "cook=Ada"])
    assert kitchen == Kitchen(oven=Oven(heat=150.0), cook="Ada", seats=6)


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("light=true", "light", True),
        ("racks=[3]", "racks", (3,)),
        ("mode=grill", "mode", "grill"),
        ("mode=a=b", "mode", "a=b"),
        ('mode="7"', "mode", "7"),
        ("mode=", "mode", ""),
        (" heat = 5 ", "heat", 5.0),
    ],
)
def test_values_are_json_or_text(setting, name, value):
    assert getattr(override(Oven(), [setting]), name) == value


def test_null_takes_a_setting_away_and_an_object_sets_several():
    assert override(Kitchen(cook="Ada"), ["cook=null"]).cook is None
    kitchen = override(Kitchen(), ['oven={"heat": 90}', "oven.light=true"])
    assert kitchen.oven == Oven(heat=90, light=True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("heat", "is no setting. Write NAME=VALUE"),
        ("=3", "is no setting"),
        ("oven..heat=3", "is no setting"),
        ("seets=3", r"unknown setting 'seets'. Did you mean 'seats'"),
        ("oven.heet=3", r"unknown setting 'oven.heet'. Did you mean 'oven.heat'"),
        ("seats.high=3", "'seats' is 4 and has no settings of its own"),
        ("oven=hot", "oven is 'hot'"),
        ("seats=many", "seats is 'many'"),
        ("oven.heat=Infinity", "finite"),
        ("oven.heat=NaN", "finite"),
        ("seats=" + "[" * 100_000, "seats is"),
    ],
)
def test_what_is_wrong_is_said_by_name(setting, message):
    with pytest.raises(ConfigError, match=message):
        override(Kitchen(), [setting])


def test_a_setting_and_one_within_it_contradict_each_other():
    with pytest.raises(ConfigError, match="was given a value of its own"):
        override(Kitchen(), ["oven=1", "oven.heat=3"])


def test_settings_of_a_choice_fall_away_with_it():
    from wmsim.models import NetworkConfig
    from wmsim.models.config import LstmSettings, VanillaSettings

    lstm = NetworkConfig(architecture="lstm", units=30, core={"forget_bias": 1.0})
    for gru in (override(lstm, ["architecture=gru"]), lstm.changed(architecture="gru")):
        assert gru == NetworkConfig(architecture="gru", units=30)
    rnn = override(lstm, ["architecture=rnn", "core.recurrent=orthogonal"])
    assert rnn.core == VanillaSettings(recurrent="orthogonal")
    assert overlay(lstm, {"architecture": "rnn"}).core == VanillaSettings()
    for same in (override(lstm, ["architecture=lstm", "units=9"]), lstm.changed(units=9)):
        assert same.core == LstmSettings(forget_bias=1.0)
    with pytest.raises(ConfigError, match="gru has no settings of its own"):
        override(lstm, ["architecture=gru", "core.forget_bias=1"])


def test_defaults_that_depend_on_others_follow_them():
    from wmsim.stimuli import StimulusConfig

    assert overlay(StimulusConfig(train_views=3), {"source": "meshes"}).categories == ()


@given(
    st.builds(
        Kitchen,
        oven=st.builds(
            Oven, heat=st.floats(allow_nan=False, allow_infinity=False), mode=st.text(),
            racks=st.lists(st.integers(-9, 9)).map(tuple),
        ),
        cook=st.none() | st.text(),
    )
)  # fmt: skip
def test_json_holds_all_settings(kitchen):
    assert overlay(Kitchen(), json.loads(as_json(kitchen))) == kitchen


def test_differences_are_told_one_by_one():
    there = {"seats": 4, "oven": {"heat": 200.0, "racks": [1, 2]}, "cook": {"name": "Ada"}}
    assert differences(there, there) == {}
    asked = {"seats": 4, "oven": {"heat": 180.0, "racks": [1, 2], "light": True}, "cook": None}
    assert differences(there, asked) == {
        "oven.heat": (200.0, 180.0), "oven.light": (None, True), "cook": ({"name": "Ada"}, None),
    }  # fmt: skip
    assert differences(asked, there).keys() == differences(there, asked).keys()


def test_saved_and_read_back(tmp_path):
    kitchen = Kitchen(oven=Oven(heat=99.5, racks=()), cook="Ada")
    save_config(kitchen, tmp_path / "kitchen.json")
    assert read_config(Kitchen(seats=9), tmp_path / "kitchen.json") == kitchen
    (tmp_path / "part.json").write_text('{"oven": {"light": true}}')
    assert read_config(kitchen, tmp_path / "part.json").oven == Oven(
        heat=99.5, racks=(), light=True
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b'{"seats": NaN}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "holds no JSON object"),
        (b'{"oven": {"heet": 1}}', r"bad.json'.*Did you mean 'oven.heat'"),
        (b'{"seats": {"high": 1}}', "has no settings of its own"),
        (b" " * (1 << 21), "larger than a megabyte"),
    ],
    ids=range(8),
)
def test_files_of_others_are_checked(tmp_path, content, message):
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_config(Kitchen(), tmp_path / "bad.json")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WmsimError, match="No file of settings"):
        read_config(Kitchen(), tmp_path / "kitchen.json")
