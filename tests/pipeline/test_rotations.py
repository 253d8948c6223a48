"""Memory spaces one by one: what the pipeline's means are of, and a slow reference."""

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import svd
from sklearn.metrics import balanced_accuracy_score

from wmsim.decoding import cross_decode, standardise
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig, analyze, memory_spaces, prepare
from wmsim.pipeline.statistics import FOLDS
from wmsim.recordings import build_recording

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=3, permutations=0, bootstrap=0)


def n_back_recording(*, n=2, n_items=5, n_trials=60, n_units=16, n_values=4, seed=0):
    """An N-back task whose activity says something of the last items, and a feature not asked."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_values, size=(2, n_trials, n_items))
    codes = rng.standard_normal((n_items, n_values, n_units))
    activity = rng.standard_normal((n_items, n_units, n_trials))
    for step in range(n_items):
        for item in range(step + 1):
            activity[step] += codes[step - item][labels[0, :, item]].T * 0.8 ** (step - item)
    return build_recording(
        activity, time=np.arange(n_items), time_units="step", activity_units="a.u.",
        features={"location": labels[0], "category": labels[1]}, source="planted",
        trial={"task": f"{n}-back-location", "n_back": n, "task_feature": "location"},
        shown_item=np.arange(n_items),
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording():
    return n_back_recording()


@pytest.fixture(scope="module")
def spaces(recording):
    return memory_spaces(recording, QUICK, asked_only=True, n_jobs=1).isel(analysis=0)


def mean_of_targets(values, *extra):
    return values.mean(list(extra)).mean(("item", "step")).values


def test_means_are_those_of_the_pipeline(recording, spaces):
    numbers = analyze(recording, QUICK, n_jobs=1).summary["tasks"]["2-back-location"]["location"]
    useful = spaces["in_use"] == 1
    donor = xr.concat([useful.shift(step=-s, fill_value=False) for s in (-1, 1)], spaces["shift"])
    others = spaces["swap_stimulus"].where(spaces["offset"] != 0)
    ours = {
        "fitted": mean_of_targets(spaces["fitted"].where(useful)),
        "reconstructed": mean_of_targets(spaces["reconstructed"]),
        "swap_stimulus": mean_of_targets(others, "offset"),
        "swap_time": mean_of_targets(spaces["swap_time"].where(donor), "shift"),
        "swap_time_out_of_use": mean_of_targets(spaces["swap_time"].where(~donor), "shift"),
        "random_rotation": mean_of_targets(spaces["random_rotation"]),
    }
    for name, (balanced, multiclass) in ours.items():
        theirs = numbers["procrustes"][name]
        assert balanced == pytest.approx(theirs["value"], abs=1e-12), name
        assert multiclass == pytest.approx(theirs["multiclass"]["value"], abs=1e-12), name
    own = [spaces["from_encoding"].isel(trained_item=i, item=i).values for i in range(5)]
    shown = np.mean([one[i] for i, one in enumerate(own)], axis=0)
    assert shown[0] == pytest.approx(numbers["within"]["value"], abs=1e-12)
    memory = np.array(own)[useful.values].mean(axis=0)
    assert memory[0] == pytest.approx(numbers["encoding_to_memory"]["value"], abs=1e-12)


def test_decoders_of_encoding_are_those_of_the_tensor(recording, spaces):
    tensor = analyze(recording, QUICK, n_jobs=1).tensor
    row = int(np.flatnonzero(tensor["feature"].values == "location")[0])
    accuracy = tensor["accuracy"].isel(analysis=row)
    states = list(zip(tensor["test_item"].values, tensor["test_step"].values, strict=True))
    for trained in range(5):
        one = accuracy.isel(train_state=states.index((trained, trained))).values
        for column, (item, step) in enumerate(states):
            found = spaces["from_encoding"].values[trained, item, step]
            assert found == pytest.approx(one[column], abs=1e-12)


def turned(source, donor_source, donor_target, target):
    """Normals of `source`, turned as donors are, one determined dimension after the other."""

    def shape(normals):
        centred = normals - normals.mean(axis=0)
        return centred / np.linalg.norm(centred)

    left, strength, right = svd(shape(donor_source).T @ shape(donor_target))
    rank = int((strength > 1e-9).sum())
    turn = sum(np.outer(left[:, i], right[i]) for i in range(rank))
    carried = shape(source) @ turn
    size = np.linalg.norm(target - target.mean(axis=0))
    return carried / np.linalg.norm(carried) * size + target.mean(axis=0)


@pytest.mark.parametrize(
    ("variable", "place", "target", "donor"),
    [
        ("reconstructed", (), (1, 3), (1, 3)),
        ("swap_stimulus", (4 + 1,), (1, 3), (2, 4)),
        ("swap_stimulus", (4 - 1,), (1, 3), (0, 2)),
        ("swap_time", (1,), (1, 2), (1, 3)),
        ("swap_time", (0,), (1, 3), (1, 2)),
    ],
)
def test_swaps_against_a_slow_reference(recording, spaces, variable, place, target, donor):
    jobs = prepare(recording, QUICK).jobs
    key, job = next((key, job) for key, job in enumerate(jobs) if job.feature == "location")
    problem = job.problem
    rng = np.random.default_rng([QUICK.seed, key, FOLDS])
    decoding = cross_decode(problem, n_folds=3, rng=rng)
    row = {state: number for number, state in enumerate(problem.states)}
    said = np.empty((problem.n_trials, problem.n_values))
    for fold in range(3):
        normals = {state: decoding.normals[fold, number] for state, number in row.items()}
        test = decoding.fold == fold
        new = turned(
            normals[target[0], target[0]], normals[donor[0], donor[0]], normals[donor],
            normals[target],
        )  # fmt: skip
        scaled = standardise(problem.activity, ~test)[target[1], test]
        said[test] = scaled @ new.T + decoding.offsets[fold, row[target]]
    labels = problem.labels[target[0]]
    balanced = [
        balanced_accuracy_score(labels == value, said[:, value] > 0)
        for value in range(problem.n_values)
    ]
    multiclass = (said.argmax(axis=1) == labels).mean()
    found = spaces[variable].values[(*target, *place)]
    assert found == pytest.approx([np.mean(balanced), multiclass], abs=1e-9)


def test_where_there_are_rotations(spaces):
    """Memory spaces in use, and within them every donor that exists."""
    age = spaces["age"].values
    expected = np.arange(5.0) - np.arange(5.0)[:, None]
    expected[expected < 0] = np.nan
    assert np.array_equal(age, expected, equal_nan=True)
    assert np.array_equal(spaces["in_use"] == 1, (age > 0) & (age <= 2))
    assert np.array_equal(spaces["executive"] == 1, age == 2)
    balanced = spaces.sel(metric="balanced")
    for name in ("reconstructed", "random_rotation"):
        assert np.array_equal(balanced[name].notnull(), spaces["in_use"] == 1)
    assert (
        balanced["swap_stimulus"]
        .sel(offset=0)
        .equals(balanced["reconstructed"].assign_coords(offset=0))
    )
    for (item, step), there in np.ndenumerate(spaces["in_use"].values == 1):
        for offset in range(-4, 5):
            exists = there and item + offset >= 0 and step + offset < 5
            value = balanced["swap_stimulus"].sel(item=item, step=step, offset=offset)
            assert bool(np.isfinite(value)) == exists
        for shift in (-1, 1):
            exists = there and item < step + shift < 5
            value = balanced["swap_time"].sel(item=item, step=step, shift=shift)
            assert bool(np.isfinite(value)) == exists
    assert spaces["rotation_dimension"] == 3


def test_features_that_are_not_asked_for(recording):
    every = memory_spaces(recording, QUICK, n_jobs=1)
    assert set(every["feature"].values) == {"location"}
    both = memory_spaces(recording, QUICK.changed(features=("location", "category")), n_jobs=1)
    assert set(both["feature"].values) == {"location", "category"}
    only = memory_spaces(
        recording, QUICK.changed(features=("location", "category")), asked_only=True, n_jobs=1
    )
    assert only["feature"].values.tolist() == ["location"]
    assert only["n_back"].item() == 2
    same = both.isel(analysis=np.flatnonzero(both["feature"].values == "location"))
    xr.testing.assert_identical(only.drop_vars("asked"), same.drop_vars("asked"))


def test_nothing_asked_for_is_said(recording):
    with pytest.raises(WmsimError, match="no task of the recording asks"):
        memory_spaces(recording, QUICK.changed(features=("category",)), asked_only=True, n_jobs=1)


def test_two_values_have_no_rotations():
    spaces = memory_spaces(n_back_recording(n_values=2), QUICK, asked_only=True, n_jobs=1)
    assert spaces["fitted"].notnull().any()
    assert spaces["reconstructed"].isnull().all()
    assert spaces["rotation_dimension"].isnull().all()


def test_brains_without_tasks_and_with_maintenance():
    spikes = plant(**PICTURES, n_trials=90, n_units=30, n_items=2, n_values=4, seed=3)
    spaces = memory_spaces(spikes, QUICK, n_jobs=1).isel(analysis=0)
    assert spaces["n_back"] == -1
    assert spaces.sizes["step"] == 3
    # Both items are held at the last step, which shows none.
    assert np.array_equal(spaces["in_use"] == 1, [[0, 1, 1], [0, 0, 1]])
    assert (spaces["executive"] == 1).sum() == 0


def test_pooled_sessions_are_refused():
    parts = [
        n_back_recording(n_trials=60, n_units=6, seed=seed).assign_coords(
            session=("unit", [f"s{seed}"] * 6), unit=[f"s{seed} u{i}" for i in range(6)]
        )
        for seed in range(2)
    ]
    with pytest.raises(WmsimError, match="pseudo-population"):
        memory_spaces(parts, QUICK, asked_only=True, n_jobs=1)
