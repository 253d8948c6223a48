"""A planted recording is what it says, and a valid recording."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wmsim as wm
from wmsim.decoding import never_repeats
from wmsim.errors import ConfigError
from wmsim.geometry import fit_rotation, make_shape
from wmsim.hypotheses import PlantConfig, plant, plant_sessions
from wmsim.hypotheses.composition import COMPONENTS, HYPOTHESES, PURE, describe, draw_composition
from wmsim.hypotheses.plant_noise import noise_in_steps, shared_noise, spike_rates, unequal_sds
from wmsim.hypotheses.planting import planted_codes
from wmsim.pipeline import AnalysisConfig, prepare
from wmsim.recordings import executive_steps, join, labels_of, sessions, validate

SMALL = {"n_units": 30, "n_trials": 60, "n_items": 3}


def class_means(recording, feature="image"):
    """What the labels of all items shown explain of activity, (state, value, unit)."""
    activity = recording["activity"].transpose("time", "trial", "unit").values.astype(float)
    codes, names = labels_of(recording, feature)
    k, n_items = len(names), codes.shape[1]
    means = []
    for item in range(n_items):
        for step in range(item, len(activity)):
            shown = range(min(step + 1, n_items))
            table = np.concatenate([np.eye(k)[codes[:, i]] - 1 / k for i in shown], axis=1)
            table = np.column_stack([np.ones(len(codes)), table])
            fitted = np.linalg.pinv(table) @ activity[step]
            own = fitted[1 + item * k : 1 + (item + 1) * k]
            means.append(own - own.mean(axis=0))
    return np.array(means)


def cosines(codes):
    flat = codes.reshape(len(codes), -1)
    norm = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    return flat @ flat.T / np.outer(norm, norm)


@pytest.mark.parametrize("hypothesis", [name for name in HYPOTHESES if name != "none"])
@pytest.mark.parametrize(
    "shape",
    [
        {"maintenance": 2, "smoothness": 0.4},
        {"n_back": 2, "realignment": 0.3, "overlap": 0.2},
        {"sensory": 0.4, "repeats": False, "maintenance": 1, "n_values": 6},
    ],
    ids=["smooth", "n-back", "sensory"],
)
def test_class_means_have_the_cosines_that_were_planted(hypothesis, shape):
    config = PlantConfig(
        hypothesis=hypothesis, n_units=120, n_trials=200, signal=1e4, seed=3, **shape
    )
    found = cosines(class_means(plant(config)))
    np.testing.assert_allclose(found, config.composition.kernel(config.design), atol=1e-3)


def test_codes_of_h2_are_rotated_exactly_from_age_to_age_alike_for_all_items():
    config = PlantConfig(hypothesis="H2", n_units=60, maintenance=1, smoothness=0.3, decay=1.0)
    codes = planted_codes(config)["image"][0]
    row = {state: number for number, state in enumerate(config.design.states)}
    for age in range(3):
        first, then = codes[row[0, age]], codes[row[0, age + 1]]
        rotation = fit_rotation(make_shape(first), make_shape(then))
        np.testing.assert_allclose(rotation.apply(first), then, atol=1e-6)
        np.testing.assert_allclose(rotation.apply(codes[row[1, 1 + age]]), then, atol=1e-6)


def test_the_other_hypotheses_do_not_share_that_rotation():
    for hypothesis in ("H1", "H3"):
        config = PlantConfig(hypothesis=hypothesis, n_units=60, decay=1.0)
        codes = planted_codes(config)["image"][0]
        row = {state: number for number, state in enumerate(config.design.states)}
        rotation = fit_rotation(make_shape(codes[row[0, 0]]), make_shape(codes[row[0, 1]]))
        moved = rotation.apply(codes[row[1, 1]])
        assert cosines(np.array([moved, codes[row[1, 2]]]))[0, 1] < 0.5


@pytest.mark.parametrize(("signal", "unequal"), [(1.0, 0.0), (0.5, 0.4), (3.0, 0.0)])
def test_a_signal_of_one_is_a_fifth_of_the_private_noise(signal, unequal):
    config = PlantConfig(signal=signal, unequal_noise=unequal, n_units=400, noise=3.0, seed=2)
    shown = [age == 0 for age in map(config.design.age, config.design.states)]
    codes = planted_codes(config)["image"][0][shown]  # in SDs of noise
    depth = np.sqrt((codes**2).mean(axis=(1, 2)))
    np.testing.assert_allclose(depth, 0.2 * signal)
    # And so it is in the recording: explained variance at item 1, and the rest.
    recording = plant(config.changed(n_trials=2000))
    activity = recording["activity"].values[0].astype(float)
    labels = recording["image"].values[:, 0]
    means = np.stack([activity[:, labels == value].mean(axis=1) for value in range(4)])
    left = activity - means[labels].T
    noise = left.var()
    assert noise == pytest.approx(3.0**2, rel=0.15 if unequal else 0.01)
    explained = means.var(axis=0).mean() - noise / 2000 * 3
    assert explained == pytest.approx((0.2 * signal * 3.0) ** 2, rel=0.1)


def test_codes_decay_with_age():
    config = PlantConfig(decay=0.5, n_units=60)
    norm = np.linalg.norm(planted_codes(config)["image"][0], axis=(1, 2))
    ages = np.array([config.design.age(state) for state in config.design.states])
    np.testing.assert_allclose(norm, norm[0] * 0.5**ages)


def test_no_code_is_pure_noise():
    recording = plant(hypothesis="none", n_units=50, n_trials=2000, signal=50.0, seed=1)
    means = class_means(recording)
    assert means.std() == pytest.approx(np.sqrt(4 / 2000 * 3 / 4), rel=0.1)
    shown = plant(hypothesis="none", sensory=0.25, signal=1e4, n_units=50, seed=1)
    strength = np.linalg.norm(class_means(shown), axis=(1, 2))
    at_display = [s == t for s in range(4) for t in range(s, 4)]
    assert strength[at_display] == pytest.approx(0.5 * 2000 * np.sqrt(4 * 50), rel=0.01)
    assert strength[np.invert(at_display)].max() < 0.01 * strength.max()


def test_drifting_codes_turn_over_trials():
    config = PlantConfig(
        session_drift=60, n_units=200, n_trials=2000, n_items=1, signal=1e4, seed=5
    )
    recording = plant(config)
    first, last = (recording.isel(trial=slice(*part)) for part in ((0, 100), (1900, 2000)))
    both = np.concatenate([class_means(first), class_means(last)])
    # Their middles are 95 % of the way apart; the two ends' codes are orthogonal but for chance.
    assert cosines(both)[0, 1] == pytest.approx(np.cos(np.radians(57)), abs=0.06)


@pytest.mark.parametrize("n_values", [3, 5])
def test_values_never_repeat_if_so_wished_and_come_equally_often(n_values):
    recording = plant(n_items=3, n_values=n_values, repeats=False, n_trials=60, n_units=4)
    labels = labels_of(recording, "image")[0]
    assert never_repeats(labels.T)
    assert np.ptp(np.bincount(labels[:, 0], minlength=n_values)) == 0
    repeating = labels_of(plant(n_items=3, n_values=n_values, n_trials=60, n_units=4), "image")[0]
    assert not never_repeats(repeating.T)
    assert all(np.ptp(np.bincount(item, minlength=n_values)) == 0 for item in repeating.T)


def test_targets_of_an_n_back_task_are_those_of_the_labels():
    recording = plant(
        n_back=2, n_items=5, features=("location", "identity"), n_values=(4, 6), n_trials=101,
        n_units=5,
    )  # fmt: skip
    labels = labels_of(recording, "location")[0]
    target, actions = labels_of(recording, "target")
    said = np.array(actions)[target]
    assert (said[:, :2] == "no action").all()
    match = labels[:, 2:] == labels[:, :-2]
    np.testing.assert_array_equal(said[:, 2:], np.where(match, "match", "non-match"))
    assert np.all(match.sum(axis=0) == 51)
    assert executive_steps(recording).any("trial").values.tolist() == [False, False, *[True] * 3]
    (job,) = prepare(recording, AnalysisConfig()).jobs
    assert (job.task, job.feature, job.asked, job.design.n_back) == (
        "2-back-location", "location", True, 2,
    )  # fmt: skip


def test_the_pipeline_sees_the_states_that_were_planted():
    config = PlantConfig(**SMALL, maintenance=2)
    (job,) = prepare(plant(config), AnalysisConfig()).jobs
    assert job.design == config.design
    assert job.problem.n_values == 4


def test_units_lost_in_a_block_of_trials_are_sessions_of_their_own():
    recording = plant(**SMALL, missing=0.2, missing_trials=0.5, seed=1)
    validate(recording)
    lost = np.isnan(recording["activity"].values).all(axis=0)
    assert np.isnan(recording["activity"].values).sum() == 3 * lost.sum() == 3 * 6 * 30
    trials = np.flatnonzero(lost.any(axis=0))
    np.testing.assert_array_equal(trials, np.arange(30) + trials[0])
    assert [(part.sizes["unit"], part.sizes["trial"]) for part in sessions(recording)] in (
        [(24, 60), (6, 30)], [(6, 30), (24, 60)],
    )  # fmt: skip
    whole = plant(**SMALL, seed=1)["activity"].values
    np.testing.assert_array_equal(whole[:, ~lost], recording["activity"].values[:, ~lost])


def test_sessions_have_units_and_trials_of_their_own():
    planted = plant_sessions(3, **SMALL, subject="A", seed=4)
    assert [one["session"].values[0] for one in planted] == ["session 1", "session 2", "session 3"]
    assert not np.array_equal(planted[0]["image"], planted[1]["image"])
    joined = join(planted)
    assert dict(joined.sizes) == {"time": 3, "unit": 90, "trial": 180, "item": 3}
    again = plant_sessions(3, **SMALL, subject="A", seed=4)[2]
    np.testing.assert_array_equal(again["activity"], planted[2]["activity"])
    assert plant_sessions(1, **SMALL, session="day")[0]["session"].values[0] == "day 1"
    with pytest.raises(ConfigError, match="sessions is 0, expected 1 or more"):
        plant_sessions(0)


@pytest.mark.parametrize("kind", ["log-linear", "rectified"])
def test_spikes_are_poisson_counts_in_the_window(kind):
    recording = plant(
        spiking=kind, window=0.5, rate=12.0, rate_spread=0.0, signal=0.0, n_trials=4000, n_units=8
    )
    counts = recording["activity"].values.astype(float) * 0.5
    np.testing.assert_allclose(counts, counts.round(), atol=1e-4)
    assert counts.mean() == pytest.approx(6.0, rel=0.01)
    np.testing.assert_allclose(counts.var(axis=2) / counts.mean(axis=2), 1, atol=0.12)
    assert recording["activity"].attrs["units"] == "spikes/s"
    assert recording["kind"].values[0] == "single unit"


@pytest.mark.parametrize("kind", ["log-linear", "rectified"])
def test_mean_counts_of_a_value_are_those_of_its_code(kind):
    config = PlantConfig(
        spiking=kind, n_trials=8000, n_items=1, n_units=6, n_values=2, rate=20.0, window=1.0,
        rate_spread=0.0, signal=3.0,
    )  # fmt: skip
    recording = plant(config)
    code = planted_codes(config)["image"][0, 0]
    expected = spike_rates(code[..., None], np.full(6, 20.0), 1.0, kind)[..., 0]
    labels = recording["image"].values[:, 0]
    found = [recording["activity"].values[0][:, labels == v].mean(axis=1) for v in range(2)]
    np.testing.assert_allclose(found, expected, atol=5 * np.sqrt(30 / 4000))
    depth = np.sqrt((code**2).mean())
    assert depth == pytest.approx(0.6)  # of the SD of the counts, sqrt(20)


def test_strong_codes_do_not_run_away():
    loud = plant(**SMALL, spiking="log-linear", signal=1e5)["activity"].values
    assert np.isfinite(loud).all()
    assert loud.max() < 1250  # 600 spikes in the window, and Poisson noise
    assert loud.min() == 0


def test_noise_is_what_was_asked_for():
    rng = np.random.default_rng(0)
    noise = noise_in_steps((6, 100, 400), 0.6, rng=rng)
    assert noise[0].std() == pytest.approx(1, abs=0.01)
    assert noise[5].std() == pytest.approx(1, abs=0.01)
    for gap in (1, 2):
        found = np.corrcoef(noise[2].ravel(), noise[2 + gap].ravel())[0, 1]
        assert found == pytest.approx(0.6**gap, abs=0.02)
    common = shared_noise(2, 50, 4000, share=0.2, factors=2, rng=rng)
    assert common.var() == pytest.approx(0.25, rel=0.05)
    assert np.linalg.matrix_rank(common[0]) == 2
    sds = unequal_sds(100_000, 2.0, 0.5, rng=rng)
    assert np.log(sds).std() == pytest.approx(0.5, rel=0.02)
    assert np.sqrt((sds**2).mean()) == pytest.approx(2.0, rel=0.05)


def test_noise_of_a_recording_is_shared_and_lasts():
    recording = plant(
        hypothesis="none", n_units=60, n_trials=3000, shared_noise=0.3, noise_factors=2,
        noise_in_time=0.5, seed=6,
    )  # fmt: skip
    activity = recording["activity"].values.astype(float)
    assert activity.var() == pytest.approx(1 / 0.7, rel=0.03)
    correlation = np.corrcoef(activity[0])
    squared = correlation[np.triu_indices(60, 1)] ** 2
    # Two random loadings of length sqrt(.3) each: r = .3 cos(angle), whose mean square is half.
    assert squared.mean() == pytest.approx(0.09 / 2, rel=0.15)
    assert np.corrcoef(activity[0].ravel(), activity[1].ravel())[0, 1] == pytest.approx(
        0.5, abs=0.02
    )


def test_a_seed_fixes_everything_and_streams_are_apart():
    one, same, other = (plant(**SMALL, seed=seed) for seed in (1, 1, 2))
    assert one.drop_attrs().identical(same.drop_attrs())
    assert not np.array_equal(one["activity"], other["activity"])
    for change in ({"hypothesis": "H1"}, {"signal": 2.0}, {"shared_noise": 0.1}):
        np.testing.assert_array_equal(plant(**SMALL, seed=1, **change)["image"], one["image"])


def test_attrs_say_what_was_planted():
    recording = wm.plant(**SMALL, shares={"slot": 3, "chain": 1}, seed=9)
    assert recording.attrs["source"] == "planted"
    assert recording.attrs["hypothesis"] == "mixture"
    assert recording.attrs["seed"] == 9
    config = PlantConfig(**json.loads(recording.attrs["config"]))
    assert config.composition.shares == {"slot": 0.75, "chain": 0.25}
    np.testing.assert_array_equal(plant(config)["activity"], recording["activity"])


variants = st.fixed_dictionaries(
    {"seed": st.integers(0, 2**32)},
    optional={
        "hypothesis": st.sampled_from(HYPOTHESES),
        "features": st.sampled_from([("image",), ("location", "identity")]),
        "n_values": st.integers(2, 5),
        "signal": st.floats(0, 5),
        "decay": st.floats(0, 1),
        "smoothness": st.floats(0, 0.9),
        "sensory": st.floats(0, 1),
        "session_drift": st.floats(0, 90),
        "shared_noise": st.floats(0, 0.9),
        "noise_in_time": st.floats(0, 0.9),
        "spiking": st.sampled_from([None, "log-linear", "rectified"]),
        "missing": st.floats(0, 1),
        "missing_trials": st.floats(0.1, 0.9),
    },
)
tasks = st.one_of(
    st.fixed_dictionaries({"maintenance": st.integers(0, 2)}),
    st.fixed_dictionaries({"n_back": st.integers(1, 2), "realignment": st.floats(0, 1)}),
)


@settings(max_examples=50)
@given(variants, tasks, st.integers(1, 12))
def test_every_variant_is_a_valid_recording(settings_, task, n_units):
    recording = plant(n_units=n_units, n_trials=20, n_items=3, **settings_, **task)
    validate(recording)
    assert np.isfinite(recording["activity"].values).any()


@settings(max_examples=40)
@given(st.sampled_from(HYPOTHESES), st.integers(0, 2**32 - 1))
def test_drawn_compositions_can_be_planted(hypothesis, seed):
    drawn = draw_composition(hypothesis, np.random.default_rng(seed))
    config = PlantConfig(hypothesis=hypothesis, n_back=1, **describe(drawn))
    assert config.truth == hypothesis
    np.testing.assert_allclose(
        config.composition.kernel(config.design), drawn.kernel(config.design), atol=1e-9
    )


def test_names_of_hypotheses_come_from_shares():
    pure = {PlantConfig(shares={component: 1.0}).truth for component in COMPONENTS}
    assert pure == set(PURE)
    assert PlantConfig(hypothesis="h1").truth == "H1"
    assert PlantConfig(hypothesis="mixture").composition.shares == {"slot": 0.5, "age": 0.5}
    mixed = PlantConfig(hypothesis="H2", overlap=0.25).composition.shares
    assert mixed == {"age": 0.75, "shared": 0.25}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hypothesis": "drif"}, r"Unknown hypothesis 'drif'\. Did you mean 'drift'"),
        ({"shares": {"slots": 1}}, r"unknown component 'slots'\. Did you mean 'slot'"),
        ({"shares": {"slot": -1}}, "share of 'slot' is below 0"),
        ({"shares": {"slot": 0}}, "no component has a share above 0"),
        ({"shares": {"slot": 1}, "hypothesis": "H2"}, "shares are mostly not 'age'"),
        ({"shares": {"slot": 1}, "hypothesis": "none"}, "'none', which has no code"),
        ({"shares": {"slot": 1}, "hypothesis": "mixture"}, "mixture of 'slot' alone is none"),
        ({"smoothness": {"ages": 0.5}}, "unknown 'ages'. Did you mean 'age'"),
        ({"smoothness": 1.5}, "cosine from 0 to 1"),
        ({"hypothesis": "none", "overlap": 0.1}, "'none' has no code in memory"),
        ({"n_values": 3, "repeats": False}, "'image' has 3 for 4 items"),
        ({"n_values": 1}, "'image' has 1 values, expected 2 to 1000"),
        ({"n_values": (3, 3)}, "n_values has 2 numbers for 1 features"),
        ({"features": ("a", "a")}, "Give each a name of its own"),
        ({"dimension": 4}, "dimension is 4, .* 4 values of 'image' span 3 at most"),
        ({"realignment": 0.1}, "Set n_back, or leave realignment out"),
        ({"n_back": 4}, "4-back task with 4 items never calls for an answer"),
        ({"n_back": 1, "maintenance": 1}, "an item at every step"),
        ({"n_back": 1, "repeats": False}, "n_back needs items that match"),
        ({"spiking": "log-linear", "noise": 2.0}, "do not go with spiking"),
        ({"missing": 0.5, "n_trials": 1}, "missing_trials is 0.25 of 1 trials, which is none"),
        ({"n_units": 50_000, "n_trials": 50_000}, "Use fewer units or trials"),
        ({"n_unit": 5}, "unknown setting 'n_unit'. Did you mean 'n_units'"),
        ({"signal": float("nan")}, "signal is nan"),
    ],
)
def test_what_cannot_be_planted_is_said(wrong, said):
    with pytest.raises(ConfigError, match=said):
        plant(**wrong)


@pytest.mark.parametrize("reserved", ["activity", "target", "unit", "item", "event_probe"])
def test_a_feature_may_not_take_a_name_of_the_contract(reserved):
    with pytest.raises(ConfigError, match=f"'{reserved}', which means something else"):
        plant(**SMALL, features=reserved)
