"""Figures beyond the paper on planted codes: verdicts are as planted, and flip with the code."""

from importlib import import_module

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import ConfigError
from wmsim.figures import style
from wmsim.reproduce.delays import measure_delays
from wmsim.reproduce.delays_and_nback import THREE_BACK, measure_across
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.novel_identities import both_splits, measure_splits
from wmsim.reproduce.other_tasks import REGIMES, first_delay, steps_of
from wmsim.reproduce.strategy import memory_numbers
from wmsim.reproduce.study import Study
from wmsim.stimuli import StimulusConfig
from wmsim.tasks import regime_tasks


def figure(name):
    return import_module(f"wmsim.reproduce.{name}").FIGURE


@pytest.fixture(scope="module")
def made(tmp_path_factory, planted):
    """Numbers of a figure, kept: (name, codes, settings) to what it measures."""
    known = {}

    def make(name, codes, **settings):
        codes = codes if isinstance(codes, dict) else {"": codes}
        key = repr((name, codes, settings))
        if key not in known:
            study = planted.Study(tmp_path_factory.mktemp(name), codes, **settings)
            known[key] = figure(name).measure(study)
        return known[key]

    return make


def verdict(name, found, words):
    """The verdict of the one claim with some words in it."""
    (one,) = {
        claim.judged(name)["verdict"] for claim in figure(name).claims(found)
        if words in claim.claim
    }  # fmt: skip
    return one


SMALL_SLOTS = {"": "chronological", "gru-64-MTMF": "slots"}
VERDICTS = [
    ("size", "shared by items", "chronological", "holds"),
    ("size", "shared by items", SMALL_SLOTS, "does not hold"),
    ("size", "code of encoding", SMALL_SLOTS, "does not hold"),
    ("size", "does not depend on size", "chronological", "holds"),
    ("other_cores", "Transformer: items can be read out", "chronological", "holds"),
    ("other_cores", "Transformer: items can be read out", "recalled", "does not hold"),
    ("other_cores", "Transformer: rotations are shared", "chronological", "holds"),
    ("other_cores", "Transformer: rotations are shared", "recalled", "undecided"),
    ("other_cores", "Transformer: memory is not held", "slots", "does not hold"),
    ("other_cores", "Transformer: features are encoded task by task", "chronological", "holds"),
    ("novel_identities", "category transfers", "chronological", "holds"),
    ("novel_identities", "category transfers", "moved", "does not hold"),
    ("novel_identities", "less well", "moved", "holds"),
    ("novel_identities", "once decoders know them", "moved", "holds"),
    ("novel_identities", "location transfers", "moved", "holds"),
    ("novel_identities", "shared by items rather than by times", "chronological", "holds"),
    ("other_tasks", "match-to-sample: the delay has the code", "held", "holds"),
    ("other_tasks", "match-to-sample: the delay has the code", "same", "does not hold"),
    ("other_tasks", "Sternberg: the very same read-out", "held", "holds"),
    ("other_tasks", "Sternberg: the very same read-out", "same", "does not hold"),
    ("other_tasks", "match-to-sample: memory in the delay is not", "held", "holds"),
    ("other_tasks", "match-to-sample: memory in the delay is not", "same", "does not hold"),
    ("other_tasks", "Sternberg: the code stays", "held", "holds"),
    ("other_tasks", "Sternberg: the code stays", "drifting", "does not hold"),
    ("other_tasks", "Sternberg: a rotation takes", "held", "holds"),
    ("other_tasks", "Sternberg: items that are held together", "held", "holds"),
    ("other_tasks", "the cued item is kept better", "held", "holds"),
    ("other_tasks", "the cued item is kept better", "same", "does not hold"),
    ("other_tasks", "not so before the cue", "held", "holds"),
    ("other_tasks", "brings items of either place", "held", "holds"),
    ("other_tasks", "brings items of either place", "same", "does not hold"),
]


@pytest.mark.parametrize(("name", "words", "codes", "expected"), VERDICTS)
def test_verdicts_follow_the_code(made, name, words, codes, expected):
    assert verdict(name, made(name, codes), words) == expected


FIGURES = (("size", "chronological"), ("other_cores", "recalled"),
           ("novel_identities", "moved"), ("other_tasks", "held"))  # fmt: skip


@pytest.mark.parametrize(("name", "codes"), FIGURES)
def test_claims_say_that_they_are_ours(made, name, codes, planted):
    claims = [claim.judged(name) for claim in figure(name).claims(made(name, codes))]
    assert len({claim["claim"] for claim in claims}) == len(claims)
    for claim in claims:
        assert "ours, exploratory" in claim["note"]
        assert "Bound" in claim["note"]
        assert claim["n_subjects"] in (0, len(planted.seeds))


@pytest.mark.parametrize(("name", "codes"), FIGURES)
def test_numbers_survive_a_file_and_are_drawn(made, name, codes, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "PNG_DPI", 40)
    found = made(name, codes)
    found.to_netcdf(tmp_path / "numbers.nc")
    with xr.open_dataset(tmp_path / "numbers.nc") as file:
        read = file.load()
    values = [[claim.judged(name)["value"] for claim in figure(name).claims(one)]
              for one in (found, read)]  # fmt: skip
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    one = read.isel(subject=[0]) if name in ("size", "other_tasks") else read  # no interval of one
    before = one.copy(deep=True)
    figure(name).draw(one, tmp_path / name)
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    xr.testing.assert_identical(one, before)


def test_kinds(planted):
    assert [kind.name for kind in figure("size").kinds(planted.config)] == [
        "gru-64-MTMF",
        "gru-256-MTMF",
    ]
    names = [kind.architecture for kind in figure("other_cores").kinds(planted.config)]
    assert names == ["gru", "transformer", "ssm"]
    (together,) = figure("other_tasks").kinds(planted.config)
    assert together.name == "gru-256-MTMF+DMS+STERNBERG+RETROCUE"
    assert {task.name for task in planted.config.subject(together, seed=0).tasks} >= {
        task.name for regime in ("MTMF", *REGIMES) for task in regime_tasks(regime)
    }
    assert figure("novel_identities").kinds(planted.config) == [Kind()]
    none = planted.config.changed(stimuli=StimulusConfig(novel_identities=0))
    with pytest.raises(ConfigError, match=r"stimuli\.novel_identities is 0"):
        figure("novel_identities").kinds(none)


def test_a_state_space_network_is_decoded_in_either_way(made):
    found = made("other_cores", "recalled")
    assert found["activity"].values.tolist() == ["hidden", "hidden", "hidden", "state"]
    behaved = [claim.claim for claim in figure("other_cores").claims(found)
               if "generalises" in claim.claim]  # fmt: skip
    assert len(behaved) == 2
    hidden, state = found["memory"].sel(metric="balanced").values[2:]
    assert not np.allclose(hidden, state)


def test_a_delay_ends_at_the_cue(made):
    steps = steps_of(made("other_tasks", "held"), "RETROCUE")
    assert [steps[at] for at in first_delay(steps)] == [f"maintenance {n}" for n in (1, 2, 3)]


def test_tasks_that_are_not_learned_do_not_count(made):
    found = made("other_tasks", "held", probe=0.6)
    assert (found["learned"] == 0).all()
    assert verdict("other_tasks", found, "Sternberg: items can be read out") == "undecided"
    assert verdict("other_tasks", found, "Sternberg: learns its tasks") == "does not hold"
    assert verdict("other_tasks", found, "one network learns") == "does not hold"


def test_sizes_tell_who_came_to_the_criterion(made):
    found = made("size", "chronological")
    assert found["reached"].values.tolist() == [[0.0, 1.0, 0.0]] * 2
    notes = " ".join(claim.note for claim in figure("size").claims(found))
    assert "1 of 3 networks came to the criterion" in notes


def test_rotations_count_where_items_can_be_decoded():
    spaces = np.full((1, 1, 3, 3), np.nan)
    used = np.zeros(spaces.shape)
    used[0, 0, 0, 1:] = 1
    fitted, swapped = np.full((*spaces.shape, 1), np.nan), np.full((*spaces.shape, 5, 1), np.nan)
    fitted[0, 0, 0, 1:, 0] = 0.9, 0.6
    fitted[0, 0, 1, 2, 0] = 0.9  # whose rotation is swapped in
    swapped[0, 0, 0, 1:, 3, 0] = 0.8, 0.4
    age = np.full(spaces.shape, np.nan)
    age[0, 0][np.triu_indices(3)] = [0, 1, 2, 0, 1, 0]
    dims = ("subject", "task", "item", "step")
    memory = xr.Dataset(
        {
            "in_use": (dims, used), "executive": (dims, used * 0), "age": (dims, age),
            "fitted": ((*dims, "metric"), fitted), "reconstructed": ((*dims, "metric"), fitted),
            "random_rotation": ((*dims, "metric"), fitted * 0),
            "swap_stimulus": ((*dims, "offset", "metric"), swapped),
            "swap_time": ((*dims, "shift", "metric"), np.full((*spaces.shape, 2, 1), np.nan)),
            "from_encoding": (("subject", "task", "trained_item", "item", "step", "metric"),
                              np.zeros((1, 1, 3, 3, 3, 1))),
        },
        coords={"offset": range(-2, 3), "shift": [-1, 1], "metric": ["balanced"],
                "trained_item": range(3), "item": range(3), "step": range(3), "task": ["one"]},
    )  # fmt: skip
    every, some = memory_numbers(memory), memory_numbers(memory, decodable=0.75)
    assert every["other_item"].item() == pytest.approx(0.6)
    assert some["other_item"].item() == pytest.approx(0.8)
    assert (every["decodable"].item(), some["decodable"].item()) == (1.0, 0.5)
    assert some["memory"].item() == pytest.approx(0.75)  # decoders themselves always count


def test_both_splits_keeps_one_item_and_names_tasks_apart(planted):
    parts = {
        name: planted.nback("moved", 0, novel=name == "novel") for name in ("trained", "novel")
    }
    both = both_splits(parts, 2)
    assert both.sizes["time"] == both.sizes["item"] == 1
    assert both["shown_item"].values.tolist() == [0]
    assert set(both["task"].values) == {f"{t}/{name}" for t in planted.tasks for name in parts}
    activity = np.concatenate([part["activity"].values[2] for part in parts.values()], axis=1)
    assert np.array_equal(both["activity"].values[0], activity)
    assert np.array_equal(
        both["category"].values[:, 0],
        np.concatenate([part["category"].values[:, 2] for part in parts.values()]),
    )


def test_later_items_are_decoded_where_they_are_asked_for(planted):
    recordings = (planted.nback("moved", 0), planted.nback("moved", 0, novel=True))
    found = measure_splits(*recordings, planted.analysis, n_jobs=1)["accuracy"]
    found = found.sel(feature="category")
    asked = found["asked_feature"].values == "category"
    assert found.isel(item=0).notnull().all()
    assert found.isel(task=asked).notnull().all()
    assert found.isel(task=~asked, item=slice(1, None)).isnull().all()


def test_delays_by_hand(planted):
    found = measure_delays(planted.delay("held", "RETROCUE", 0), planted.analysis, n_jobs=1)
    assert found["asked_feature"].values.tolist() == list(planted.features)
    assert (found["n_values"] == planted.n_values).all()
    assert found["encoding"].sel(score="balanced").min() > 0.85
    # Another subspace: decoders of encoding know nothing of the delay.
    first = found["time_by_time"].isel(item=0).sel(metric="balanced").mean("task")
    assert first.isel(trained_step=0, step=3) == pytest.approx(0.5, abs=0.1)
    assert first.isel(trained_step=2, step=4) > 0.9
    cue = found["by_cue"].sel(metric="balanced").mean("task")
    assert cue.isel(step=4).min() > 0.9
    assert cue.sel(cue="cued").isel(step=8) > 0.9
    assert cue.sel(cue="not cued").isel(step=8) < 0.7
    shared = found["between_cues"].sel(metric="balanced", cue="cued").mean("task")
    assert shared.isel(step=8) > 0.9
    assert shared.isel(step=4) < 0.7


def test_values_with_too_few_trials_are_left_out(planted):
    found = measure_delays(
        planted.delay("held", "RETROCUE", 0, n_trials=12), planted.analysis, n_jobs=1
    )
    assert found["maintenance"].isnull().all()
    assert found["by_cue"].isnull().all()


def test_codes_are_compared_between_regimes_by_hand(planted):
    """Memory of the first item is in one subspace ("held"), or where it was encoded ("same")."""
    recordings = {
        THREE_BACK: planted.delay("held", "DMS", 0, stream=1),
        "STERNBERG": planted.delay("held", "STERNBERG", 0),
        "RETROCUE": planted.delay("same", "RETROCUE", 0),
    }
    found = measure_across(recordings, planted.analysis, n_jobs=1)["accuracy"].sel(
        metric="balanced"
    )
    assert found.sel(feature="identity").isnull().all()
    mean = found.sel(feature=list(planted.features)).mean("feature")
    assert (mean.sel(age=0) > 0.8).all()
    later = mean.sel(age=[1, 2, 3])
    for regime in recordings:
        assert (later.sel(fitted_in=regime, tested_in=regime) > 0.8).all()
    assert (later.sel(fitted_in=THREE_BACK, tested_in="STERNBERG") > 0.8).all()
    assert (later.sel(fitted_in="RETROCUE", tested_in=[THREE_BACK, "STERNBERG"]) < 0.7).all()


def test_a_recording_of_some_tasks_has_a_file_of_its_own(tmp_path, monkeypatch, planted):
    asked = []

    def record(subject, *, tasks, **_):
        asked.append(None if tasks is None else [task.name for task in tasks])
        return planted.delay("held", "DMS", 0)

    monkeypatch.setattr("wmsim.recordings.subject.record", record)
    monkeypatch.setattr(Study, "subject", lambda *_: None)
    study = Study(tmp_path, planted.config, seeds=planted.seeds, n_jobs=1)
    (kind,) = figure("other_tasks").kinds(planted.config)
    for regime in (None, "DMS", "DMS"):
        study.recording(kind, 0, regime=regime).close()
    assert asked == [None, [task.name for task in regime_tasks("DMS")]]
    files = sorted(file.name for file in (tmp_path / "recordings" / kind.name).iterdir())
    assert files == ["0-novel_angle-DMS.nc", "0-novel_angle.nc"]
