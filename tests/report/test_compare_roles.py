"""Which file is a brain, which a model, and which model ran whose trials."""

import json

import pytest

from wmsim.compare.run import EVERY
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.recordings import open_recording, save
from wmsim.report.compare_roles import cast_files, distinct_names
from wmsim.twin import recording_key


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Writes a small recording with given attributes once; gives its path."""
    folder = tmp_path_factory.mktemp("made")

    def write(name, source="planted", **attrs):
        path = folder / f"{name}.nc"
        if not path.exists():
            recording = plant(n_units=4, n_trials=12, n_items=2, seed=len(name))
            save(recording.assign_attrs(source=source, **attrs), path)
        return path

    return write


def twin_of(name, key=None):
    told = {"brain": name} | ({"brain_key": key} if key else {})
    return json.dumps(told)


def roles(cast):
    return {one.path.stem: one.role for one in cast.files}


def test_sources_tell_roles(made):
    brain, model = made("monkey", "neural"), made("network", "model")
    cast = cast_files([model, brain])
    assert roles(cast) == {"monkey": "brain", "network": "model"}
    assert list(cast.brains) == ["monkey"]
    assert cast.models[0].recording_for("monkey") == model.resolve()


def test_planted_is_a_model_beside_a_brain_and_a_brain_beside_a_model(made):
    brain, model, planted = made("monkey", "neural"), made("network", "model"), made("planted")
    assert roles(cast_files([planted, brain]))["planted"] == "model"
    assert roles(cast_files([planted, model]))["planted"] == "brain"


def test_given_roles_win(made):
    one, other = made("one"), made("another")
    expected = {"one": "brain", "another": "model"}
    assert roles(cast_files([one, other], brains=[one])) == expected
    assert roles(cast_files([other], brains=[one])) == expected
    assert roles(cast_files([one], models=[other])) == expected
    brain = made("monkey", "neural")
    assert roles(cast_files([one, brain], models=[brain]))["monkey"] == "model"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "No file was given"),
        (("monkey",), r"One file was given \('monkey.nc', taken for a brain\)"),
        (("monkey", "ape"), "No model is among the files: all are taken for brains"),
        (("network", "net"), "No brain is among the files: all are taken for models"),
        (("one", "another"), r"No model .*--model FILE"),
        (("monkey", "network", "monkey"), "given twice"),
    ],
)
def test_what_cannot_be_compared_is_told(made, names, message):
    sources = {"monkey": "neural", "ape": "neural", "network": "model", "net": "model"}
    with pytest.raises(WmsimError, match=message):
        cast_files([made(name, sources.get(name, "planted")) for name in names])


def test_a_file_has_one_role(made):
    with pytest.raises(WmsimError, match="as --model and as --brain"):
        cast_files([], models=[made("one")], brains=[made("one")])


def test_what_is_no_recording_is_told(made, tmp_path):
    text = tmp_path / "notes.nc"
    text.write_text("no recording")
    with pytest.raises(WmsimError, match="is not netCDF-4"):
        cast_files([made("monkey", "neural"), text])
    with pytest.raises(WmsimError, match="No recording"):
        cast_files([made("monkey", "neural"), tmp_path / "none.nc"])


def test_twins_of_one_name_are_one_model(made):
    monkey, ape = made("monkey", "neural"), made("ape", "neural")
    with open_recording(ape) as recording:
        key = recording_key(recording)
    first = made("gru_a", "model", model="gru-0", twin=twin_of("monkey"))
    # The name is another one by now; what it holds tells whose trials they are.
    second = made("gru_b", "model", model="gru-0", twin=twin_of("renamed", key))
    lstm = made("lstm_a", "model", model="lstm-0", twin=twin_of("monkey"))
    control = made("c", "model", model="gru-0", twin=twin_of("monkey"), control="untrained")
    cast = cast_files([monkey, first, second, lstm, control, ape])
    by_name = {one.name: one for one in cast.models}
    assert list(by_name) == ["gru-0", "lstm-0", "gru-0 untrained"]
    assert by_name["gru-0"].recordings == {"monkey": first.resolve(), "ape": second.resolve()}
    assert by_name["lstm-0"].recording_for("ape") is None
    assert by_name["gru-0 untrained"].control == "untrained"
    assert "lstm-0 has not run the trials of ape." in cast.notes


def test_a_twin_of_another_content_is_noted(made):
    one = made("stale", "model", model="gru-1", twin=twin_of("monkey", "0123"))
    cast = cast_files([made("monkey", "neural"), one])
    assert "held something else" in cast.notes[0]


@pytest.mark.parametrize(
    ("name", "attrs", "message"),
    [
        ("lost", {"twin": twin_of("gorilla")}, r"ran the trials of 'gorilla'.*\(monkey\)"),
        ("odd", {"twin": "gorilla"}, "'twin' does not say whose trials"),
        ("slow", {"twin": '{"brain": "monkey", "step": "0.2 s"}'}, "seconds as numbers"),
        ("bare", {"twin": '{"brain": "monkey", "stand_ins": ["cup"]}'}, "'twin' does not say"),
    ],
)
def test_twins_without_their_brain_are_told(made, name, attrs, message):
    with pytest.raises(WmsimError, match=message):
        cast_files([made("monkey", "neural"), made(name, "model", **attrs)])


def test_one_model_has_one_recording_a_brain(made):
    one = made("gru_x", "model", model="gru-7", twin=twin_of("monkey"))
    other = made("gru_yy", "model", model="gru-7", twin=twin_of("monkey"))
    with pytest.raises(WmsimError, match="'gru-7' has two recordings of the trials of monkey"):
        cast_files([made("monkey", "neural"), one, other])


def test_other_models_are_named_by_their_file_and_used_for_all(made, tmp_path):
    monkey, network = made("monkey", "neural"), made("network", "model")
    same = tmp_path / "network.nc"
    same.write_bytes(network.read_bytes())
    cast = cast_files([network, same, monkey])
    assert len({one.name for one in cast.models}) == 2
    assert all(set(one.recordings) == {EVERY} for one in cast.models)
    assert distinct_names([network, network]) != distinct_names([network])
