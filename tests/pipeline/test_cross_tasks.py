"""Decoders kept and tested in every task, on recordings whose truth is known."""

import json

import numpy as np
import pytest
import xarray as xr
from sklearn.naive_bayes import GaussianNB

import wmsim
from wmsim.decoding import scores
from wmsim.errors import ConfigError, WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig, analyze, decode
from wmsim.pipeline.workers import spread
from wmsim.recordings import build_recording, pseudo_population, save

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=4, permutations=19, bootstrap=30)
VALUES = ["ant", "bee", "cat", "dog"]


def planted(seed, tasks, *, n_each=64, n_units=24, values=None, drop=()):
    """Two items and maintenance; tasks with one letter in common share their code.

    `values` limits a task to some of the values; trials in `drop` (task, value) are left out.
    """
    rng = np.random.default_rng(seed)
    codes = {task[0]: 0.8 * rng.standard_normal((4, n_units)) for task in dict.fromkeys(tasks)}
    task = rng.permutation(np.repeat(tasks, n_each))
    labels = np.array([rng.permutation((values or {}).get(one, range(4)))[:2] for one in task])
    activity = rng.standard_normal((3, n_units, task.size))
    code = np.array([codes[one[0]] for one in task])
    for step in range(3):
        for item in range(min(step + 1, 2)):
            shown = code[np.arange(task.size), labels[:, item]] * 0.8 ** (step - item)
            activity[step] += shown.T
    return build_recording(
        activity, time=[0, 1, 2], time_units="step", activity_units="a.u.", source="planted",
        features={"animal": (labels, VALUES), "item_of_one": (labels * 0, ["one"])},
        trial={"task": task, "task_feature": np.where(task == tasks[0], "animal", "other")},
        shown_item=[0, 1, -1],
    )  # fmt: skip


@pytest.fixture(scope="module")
def three():
    """Tasks a1 and a2 share a code, b has its own."""
    return planted(1, ["a1", "a2", "b"])


@pytest.fixture(scope="module")
def found(three):
    return decode(three, "animal", config=QUICK, n_jobs=1)


def test_everything_is_labelled(found):
    assert found["accuracy"].dims == (
        "train_task", "train_state", "test_task", "test_state", "metric"
    )  # fmt: skip
    assert found["accuracy_trained_scaling"].dims == found["accuracy"].dims
    assert found["normal"].dims == ("task", "fold", "state", "value", "unit")
    for name in ("offset", "penalty"):
        assert found[name].dims == ("task", "fold", "state", "value")
    for name in ("mean", "spread"):
        assert found[name].dims == ("task", "fold", "step", "unit")
    assert found["task"].values.tolist() == ["a1", "a2", "b"]
    assert found["value"].values.tolist() == VALUES
    assert found["asked"].values.tolist() == [True, False, False]
    states = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    for kind in ("train", "test", "state"):
        pairs = zip(found[f"{kind}_item"].values, found[f"{kind}_step"].values, strict=True)
        assert list(pairs) == states
    assert json.loads(found.attrs["config"])["penalties"] == [0.01]
    assert "positive says 'this value'" in found.attrs["decision_value"]
    assert np.isfinite(found["accuracy"]).all()


def test_shared_codes_transfer_and_separate_ones_do_not(found):
    transfer = found["transfer"].sel(metric="balanced")
    own = transfer.values.diagonal()
    assert (own > 0.85).all()
    shared = transfer.sel(train_task="a1", test_task="a2")
    assert shared > 0.85
    low, high = (found[f"transfer_{end}"].sel(metric="balanced") for end in ("low", "high"))
    assert (low <= transfer).all()
    assert (transfer <= high).all()
    p = found["transfer_p"].sel(metric="balanced")
    assert p.sel(train_task="a1", test_task="a2") == pytest.approx(1 / 20)
    assert np.isnan(p.values.diagonal()).all()
    chance = found["transfer_chance"].sel(metric="balanced").values[~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(chance, 0.5, atol=0.05)
    np.testing.assert_allclose(
        transfer, found["accuracy"].sel(metric="balanced").isel(train_state=0, test_state=0)
    )
    separate = []
    for seed in range(6):
        one = decode(
            planted(seed, ["a", "b"]), "animal", n_jobs=1,
            config=QUICK.changed(permutations=0, bootstrap=0),
        )["transfer"].sel(metric="balanced").values  # fmt: skip
        separate += [one[0, 1], one[1, 0]]
    assert np.mean(separate) == pytest.approx(0.5, abs=0.06)


def test_within_a_task_it_is_the_tensor_of_the_analysis(three, found):
    config = QUICK.changed(features=("animal",), permutations=0)
    tensor = analyze(three, config, n_jobs=1).tensor
    for number, task in enumerate(("a1", "a2", "b")):
        own = found["accuracy"].sel(train_task=task, test_task=task)
        np.testing.assert_allclose(own, tensor["accuracy"].isel(analysis=number), atol=1e-12)


def test_kept_decoders_give_the_accuracies_and_no_trial_meets_its_own(three, found):
    activity = three["activity"].transpose("time", "trial", "unit").values
    labels = three["animal"].values
    task, fold = three["task"].values, found["trial_fold"].values
    for trained, tested, scaled in (("a1", "a2", "a2"), ("a2", "a2", "a2"), ("a1", "a2", "a1")):
        rows = np.flatnonzero(task == tested)
        said = np.empty((rows.size, 4))
        for number in range(4):
            one = found.sel(task=trained, fold=number).isel(state=0)
            by = found.sel(task=scaled, fold=number).isel(step=0)
            seen = activity[0, (task == scaled) & (fold != number)]
            np.testing.assert_allclose(by["mean"], seen.mean(axis=0), atol=1e-6)
            np.testing.assert_allclose(by["spread"], seen.std(axis=0), rtol=1e-5)
            z = (activity[0, rows] - by["mean"].values) / by["spread"].values
            test = fold[rows] == number
            said[test] = z[test] @ one["normal"].values.T + one["offset"].values
        name = "accuracy" if scaled == tested else "accuracy_trained_scaling"
        expected = scores(said[None], labels[rows, 0], np.ones((1, rows.size)))[0, 0]
        kept = found[name].sel(train_task=trained, test_task=tested)
        np.testing.assert_allclose(kept.isel(train_state=0, test_state=0), expected, atol=1e-9)


def test_processes_stopping_and_files_do_not_change_numbers(three, found, tmp_path, monkeypatch):
    again = decode(three, "animal", config=QUICK, n_jobs=2, work=tmp_path / "work")
    xr.testing.assert_equal(again, found)
    files = sorted((tmp_path / "work").glob("*-task*.npz"))
    assert len(files) == 3
    files[1].write_bytes(files[1].read_bytes()[:200])  # cut off: fitted again
    files[2].unlink()
    out = tmp_path / "results" / "animal.nc"
    third = decode(three, "animal", config=QUICK, n_jobs=1, work=tmp_path / "work", out=out)
    xr.testing.assert_equal(third, found)
    with xr.open_dataset(out) as saved:
        xr.testing.assert_equal(saved.load(), found)
        assert saved.attrs["feature"] == "animal"

    def forbidden(*args):
        raise AssertionError("fitted again")

    monkeypatch.setattr("wmsim.pipeline.cross_tasks._work", forbidden)
    # Nothing that decoders depend on has changed.
    decode(three, "animal", config=QUICK.changed(bootstrap=5), n_jobs=1, work=tmp_path / "work")
    with pytest.raises(AssertionError, match="fitted again"):
        decode(three, "animal", config=QUICK.changed(seed=1), n_jobs=1, work=tmp_path / "work")


def test_one_task_and_no_task_are_fine(three):
    config = QUICK.changed(permutations=0, bootstrap=0)
    one = decode(three, "animal", tasks=("b",), config=config, n_jobs=1)
    assert one["accuracy"].sizes["train_task"] == 1
    assert (one["trial_fold"].values[three["task"].values != "b"] == -1).all()
    none = decode(three.drop_vars(["task", "task_feature"]), "animal", config=config, n_jobs=1)
    assert none["task"].values.tolist() == ["all"]
    assert (none["trial_fold"] >= 0).all()


def test_values_that_a_task_lacks_are_left_out_with_a_note():
    config = QUICK.changed(permutations=0, bootstrap=0)
    recording = planted(2, ["a1", "a2"], values={"a2": [0, 1, 3]})
    part = decode(recording, "animal", config=config, n_jobs=1)
    assert part["value"].values.tolist() == ["ant", "bee", "dog"]
    assert "not all tasks have enough trials of them: cat of 'animal'" in part.attrs["notes"]
    assert part["transfer"].sel(train_task="a1", test_task="a2", metric="multiclass") > 0.6
    apart = planted(2, ["a1", "a2"], values={"a1": [0, 1], "a2": [2, 3]})
    with pytest.raises(WmsimError, match=r"0 value\(s\) of 'animal' in common.*a1: ant, bee"):
        decode(apart, "animal", config=config, n_jobs=1)


def test_tasks_of_unequal_size_are_noted():
    recording = planted(3, ["a1", "a2"])
    fewer = recording.isel(trial=np.flatnonzero(
        (recording["task"].values == "a1") | (np.arange(128) % 4 > 0)
    ))  # fmt: skip
    found = decode(fewer, "animal", config=QUICK.changed(permutations=0, bootstrap=0), n_jobs=1)
    assert "Decoders of more trials are better ones" in found.attrs["notes"]


def test_folds_of_the_recording_are_the_same_in_all_tasks(three):
    config = QUICK.changed(permutations=0, bootstrap=0)
    runs = np.arange(192) // 48 * 10
    found = decode(three.assign_coords(fold=("trial", runs)), "animal", config=config, n_jobs=1)
    np.testing.assert_array_equal(found["trial_fold"], runs // 10)
    lacking = three.assign_coords(
        fold=("trial", np.where((three["task"].values == "b") & (runs == 20), 10, runs))
    )
    with pytest.raises(WmsimError, match="Task 'b' has no trials in fold 20"):
        decode(lacking, "animal", config=config, n_jobs=1)


def test_pseudo_populations_have_no_interval_and_sessions_are_refused():
    sessions = [
        plant(**PICTURES, n_trials=60, n_units=10, n_items=2, n_values=3, seed=s) for s in (1, 2)
    ]
    population = pseudo_population(sessions, feature="image", folds=3, seed=0)
    found = decode(population, "image", config=QUICK, n_jobs=1)
    assert np.isnan(found["transfer_low"]).all()
    assert found["transfer"].sel(metric="balanced") > 0.6
    with pytest.raises(WmsimError, match="Make a pseudo-population first"):
        decode(wmsim.recordings.join(sessions), "image", config=QUICK, n_jobs=1)


def test_what_cannot_be_decoded_is_said(three):
    with pytest.raises(ConfigError, match=r"Unknown feature 'animals'\. Did you mean 'animal'"):
        decode(three, "animals", config=QUICK)
    with pytest.raises(ConfigError, match="Unknown task 'c'"):
        decode(three, "animal", tasks=["c"], config=QUICK)
    with pytest.raises(WmsimError, match="Feature 'item_of_one' in task 'a1': it takes 1 value"):
        decode(three, "item_of_one", config=QUICK)
    with pytest.raises(ConfigError, match="Unknown estimator 'svm'"):
        AnalysisConfig(estimator="svm")


def test_decoders_without_normals_are_tested_but_not_kept(three):
    config = QUICK.changed(estimator=GaussianNB(), permutations=0, bootstrap=0)
    found = decode(three, "animal", config=config, n_jobs=1)
    assert "normal" not in found
    assert "offset" not in found
    assert np.isnan(found["penalty"]).all()
    assert found["transfer"].sel(train_task="a1", test_task="a2", metric="balanced") > 0.75
    assert "are no hyperplanes" in found.attrs["notes"]
    summary = analyze(three, config.changed(features=("animal",)), n_jobs=2).summary
    assert "rotations are left out" in " ".join(summary["notes"])
    assert "procrustes" not in summary["features"]["animal"]
    assert summary["config"]["estimator"].startswith("GaussianNB() [")
    json.dumps(summary, allow_nan=False)


@pytest.mark.parametrize("name", ["ridge", "lda"])
def test_the_pipeline_runs_with_every_named_estimator(three, name):
    config = QUICK.changed(estimator=name, permutations=2, features=("animal",), tasks=("a1",))
    numbers = analyze(three, config, n_jobs=1).summary["features"]["animal"]
    assert numbers["within"]["value"] > 0.85
    assert numbers["within"]["chance"] == pytest.approx(0.5, abs=0.12)
    assert numbers["procrustes"]["reconstructed"]["value"] > 0.6


def test_processes_times_threads_never_exceed_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("wmsim.decoding.engine.threads.n_threads", lambda asked: 16)
    monkeypatch.setattr("joblib.cpu_count", lambda: 16)
    for asked, pieces, expected in (
        (None, 100, (16, 1)), (None, 3, (3, 5)), (4, 100, (4, 4)), (64, 100, (16, 1)),
        (1, 0, (1, 16)), (None, 0, (1, 16)),
    ):  # fmt: skip
        assert spread(asked, pieces) == expected
        assert np.prod(spread(asked, pieces)) <= 16


def test_the_command_leaves_what_every_command_leaves(three, tmp_path, monkeypatch, capfd):
    import sys

    from wmsim.cli.app import main

    file = save(three, tmp_path / "three.nc")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["wmsim", "decode", str(file), *words])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capfd.readouterr()

    out = tmp_path / "out"
    quick = ["--folds", "3", "--permutations", "5", "--bootstrap", "10", "--jobs", "1"]
    status, said = call("--feature", "animal", "--estimator", "ridge", "--out", str(out), *quick)
    assert status == 0, said.err
    assert "animal, decoders of E1:" in said.out
    summary = json.loads((out / "summary.json").read_text())
    decoding = summary["decoding"]
    assert decoding["tasks"] == ["a1", "a2", "b"]
    assert decoding["config"]["estimator"] == "ridge"
    cell = decoding["transfer"]["tested"]["balanced"][0][1]
    assert cell["value"] > 0.8
    assert cell["p"] == pytest.approx(1 / 6)
    own = [decoding["transfer"]["tested"]["balanced"][n][n]["value"] for n in range(3)]
    assert decoding["mean"]["tested"]["balanced"]["same_task"] == pytest.approx(np.mean(own))
    assert (out / decoding["file"]).is_file()
    for ending in ("png", "pdf"):
        assert (out / "figures" / f"three-animal-transfer.{ending}").is_file()
    page = (out / "report.html").read_text()
    assert "trained in \\ tested in" in page
    assert "data:image/png;base64" in page
    status, said = call(
        "--feature", "animal", "--task", "b", "--out", str(tmp_path / "one"), *quick
    )
    assert status == 0, said.err
    assert (tmp_path / "one" / "figures" / "three-animal-tensor.png").is_file()
    status, said = call("--feature", "animals", "--out", str(out))
    assert status == 1
    assert "Unknown feature 'animals'" in said.err
