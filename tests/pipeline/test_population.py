"""Sessions pooled: nothing where there is nothing, more than one session has, a right null."""

import json
from dataclasses import replace

import numpy as np
import pytest

from wmsim.decoding import Problem, cross_decode, permutation_p, permute_trials, scores
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig, Population, analyze, prepare
from wmsim.recordings import build_recording, import_recording, join, pseudo_population, save
from wmsim.recordings.populations import make_pool

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=4, permutations=3, bootstrap=40)


def noise(rng, name, *, n_trials=36, k=3, n_units=12):
    """A session without any signal, one item."""
    images = rng.permutation(np.arange(n_trials) % k)[:, None]
    return build_recording(
        rng.standard_normal((1, n_units, n_trials)), time=[0], time_units="step",
        activity_units="z", source="planted", shown_item=[0], unit={"session": name},
        features={"image": (images, list("abc"))},
    )  # fmt: skip


def population_of(sessions, rng, n_each=12):
    pool = make_pool(sessions, "image", n_folds=3, rng=rng)
    return Population(pool, n_each, ((0, 0),))


def accuracy(problem, rng):
    found = cross_decode(problem, n_folds=3, rng=rng)
    labels = problem.labels[0]
    return scores(found.decisions[:, 0], labels, np.ones((1, labels.size)))[0, 0, 1]


def test_no_signal_is_at_chance_and_resampling_before_folds_would_not_be():
    within, leaky = [], []
    for seed in range(12):
        rng = np.random.default_rng([3, seed])
        population = population_of([noise(rng, f"s{i}") for i in range(2)], rng, n_each=6)
        problem = population.problem(rng=rng)
        within.append(accuracy(problem, rng))
        # The same pseudo-trials, but put into folds after they were drawn.
        leaky.append(accuracy(replace(problem, fold=None), rng))
    assert np.mean(within) == pytest.approx(1 / 3, abs=0.08)
    assert np.mean(leaky) > 0.48


@pytest.mark.slow
def test_p_is_uniform_without_signal_and_permuted_pseudo_trials_would_not_be():
    """Pseudo-trials of one value share real trials; permuting them alone gives false positives."""
    p, right, wrong = [], [], []
    for seed in range(30):
        rng = np.random.default_rng([3, seed])
        population = population_of([noise(rng, f"s{i}") for i in range(2)], rng)
        problem = population.problem(rng=rng)
        value = accuracy(problem, rng)
        null = [accuracy(population.permuted(rng=rng).problem(rng=rng), rng) for _ in range(19)]
        p.append(permutation_p(value, np.array(null)))
        right.append((value - np.mean(null)) / np.std(null, ddof=1))
        null = []
        for _ in range(19):
            labels = permute_trials(problem.labels, within=problem.fold, rng=rng)
            null.append(accuracy(replace(problem, labels=labels), rng))
        wrong.append((value - np.mean(null)) / np.std(null, ddof=1))
    assert (np.array(p) <= 0.05).mean() < 0.17  # at .05, more than 4 of 30 come by chance in 2 %
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)
    assert np.var(right) < 1.8
    assert np.var(wrong) > 1.5 * np.var(right)


def test_the_null_exchanges_whole_trials_within_a_session():
    rng = np.random.default_rng(0)
    sessions = [
        plant(**PICTURES, n_trials=48, n_units=5, n_items=2, n_values=3, seed=s) for s in (1, 2)
    ]
    for session in sessions:  # no two trials alike
        session["activity"][:] += rng.random(session["activity"].shape).astype(np.float32)
    sessions[0]["activity"][:, 4, 30:] = np.nan
    pool = make_pool(sessions, "image", n_folds=2, rng=rng)
    population = Population(pool, 3, ((0, 0),))
    permuted = population.permuted(rng=rng).pool
    assert len(pool.parts) == 3
    orders = {}
    for before, after in zip(pool.parts, permuted.parts, strict=True):
        np.testing.assert_array_equal(np.isfinite(after.activity).all(axis=(0, 2)), before.recorded)
        flat = [
            np.nan_to_num(a.activity, nan=-1).transpose(1, 0, 2).reshape(len(a.recorded), -1)
            for a in (before, after)
        ]
        # Whole trials (all steps and units) moved, each once, ...
        assert sorted(map(tuple, flat[0])) == sorted(map(tuple, flat[1]))
        assert (flat[0] != flat[1]).any(axis=1).sum() > before.recorded.sum() // 2
        orders.setdefault(before.session, []).append(flat)
    # ... and the units of one session together.
    whole, lost = orders[0]
    moved = [np.array([np.flatnonzero((w[0] == row).all(axis=1))[0] for row in w[1]])
             for w in (whole, lost)]  # fmt: skip
    recorded = pool.parts[1].recorded
    np.testing.assert_array_equal(moved[0][recorded], moved[1][recorded])
    assert permuted.labels is pool.labels
    assert permuted.fold is pool.fold


@pytest.fixture(scope="module")
def weak():
    """Four sessions with a weak code each; the unit names are the same in all."""
    return [
        plant(
            **PICTURES | {"signal": 2.25}, n_trials=120, n_units=12, n_items=2, n_values=4, seed=s
        )
        for s in range(4)
    ]


@pytest.fixture(scope="module")
def pooled(weak):
    return analyze(weak, QUICK, n_jobs=1)


def test_pooled_sessions_tell_more_than_a_single_one(weak, pooled):
    quick = QUICK.changed(permutations=0, bootstrap=0)
    single = [
        analyze(one, quick, n_jobs=1).summary["features"]["image"]["within"]["multiclass"]["value"]
        for one in weak
    ]
    found = pooled.summary["features"]["image"]["within"]["multiclass"]
    assert found["value"] > max(single) + 0.08
    assert found["low"] > found["chance"]
    assert found["p"] == 1 / 4


def test_the_summary_says_what_was_pooled_and_what_the_interval_is(pooled):
    summary = pooled.summary
    json.dumps(summary, allow_nan=False)
    assert "real trials resampled within session" in summary["interval"]
    assert "within each session, pseudo-trials drawn" in summary["chance"]
    assert (summary["n_units"], summary["n_trials"]) == (48, 480)
    numbers = summary["features"]["image"]
    assert numbers["items_never_repeat"] is None
    assert numbers["items_of_real_trials_never_repeat"]
    assert "multiclass_left_out" not in numbers["encoding_to_encoding"]
    assert any("never repeat in the sessions" in note for note in summary["notes"])
    assert len(numbers["population"]["sessions"]) == 4
    for name in ("within", "encoding_to_memory", "maintenance"):
        one = numbers[name]
        assert one["low"] <= one["value"] + 0.03
        assert one["high"] >= one["value"] - 0.03
        assert one["chance"] == pytest.approx(0.5, abs=0.08)
    assert numbers["procrustes"]["reconstructed"]["low"] is not None
    assert pooled.recording.sizes["trial"] == 480


def test_intervals_change_no_plain_number(weak, pooled):
    plain = analyze(weak, QUICK.changed(bootstrap=0, permutations=0), n_jobs=1)
    for name in ("within", "maintenance", "encoding_to_memory"):
        a, b = (one.summary["features"]["image"][name] for one in (plain, pooled))
        assert a["value"] == pytest.approx(b["value"], abs=1e-6)
    rotations = [one.summary["features"]["image"]["procrustes"] for one in (plain, pooled)]
    for name in ("reconstructed", "swap_stimulus", "random_rotation"):
        assert rotations[0][name]["value"] == pytest.approx(rotations[1][name]["value"], abs=1e-6)
    assert rotations[0]["rotation_dimension"] == rotations[1]["rotation_dimension"]


def test_processes_stopping_and_joining_do_not_change_numbers(weak, pooled, tmp_path):
    again = analyze(weak, QUICK, n_jobs=2, work=tmp_path)
    assert again.summary == pooled.summary
    files = sorted(tmp_path.glob("*.npz"))
    files[0].write_bytes(files[0].read_bytes()[:100])
    assert analyze(weak, QUICK, n_jobs=1, work=tmp_path).summary == pooled.summary
    assert len(list(tmp_path.glob("*.npz"))) == len(files)
    changed = [weak[0], weak[1], weak[2], weak[3].assign(activity=weak[3]["activity"] + 1)]
    analyze(changed, QUICK.changed(permutations=0), n_jobs=1, work=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == len(files) + 1
    joined = analyze(join(weak), QUICK.changed(permutations=0), n_jobs=1).summary
    a, b = (one["features"]["image"]["within"]["value"] for one in (joined, pooled.summary))
    assert a == b


def test_a_recording_with_folds_keeps_them(weak):
    runs = weak[0].assign_coords(fold=("trial", np.arange(120) // 30 * 10))
    prepared = prepare(runs, QUICK)
    np.testing.assert_array_equal(prepared.jobs[0].problem.fold, np.arange(120) // 30)
    summary = analyze(runs, QUICK, n_jobs=1).summary
    assert "within folds" in summary["chance"]
    assert summary["features"]["image"]["within"]["p"] is not None
    with pytest.raises(WmsimError, match=r"all of one fold \(label 'fold'\)"):
        prepare(runs.assign_coords(fold=("trial", [1] * 120)), QUICK)
    with pytest.raises(WmsimError, match="Give the sessions that it was made of"):
        prepare([runs, weak[1]], QUICK)


def test_a_pseudo_population_itself_has_no_p(weak):
    population = pseudo_population(weak, feature="image", folds=4, seed=0)
    summary = analyze(population, QUICK, n_jobs=1).summary
    within = summary["features"]["image"]["within"]
    assert within["value"] > 0.6
    assert within["p"] is within["chance"] is within["low"] is None
    assert "share activity" in summary["interval"]
    assert any("can be neither permuted nor resampled" in note for note in summary["notes"])


def test_sessions_that_do_not_fit_are_named(weak):
    few = plant(**PICTURES, n_trials=8, n_units=6, n_items=2, n_values=4, seed=9)
    notes = " ".join(prepare([*weak[:2], few], QUICK).notes)
    assert "Fell out: 6 units of planted (3) (fewer than 4 trials" in notes
    longer = plant(**PICTURES, n_trials=60, n_units=6, n_items=3, n_values=4, seed=9)
    with pytest.raises(WmsimError, match=r"time: is 3 steps .* and 4 steps"):
        prepare([weak[0], longer], QUICK)
    with pytest.raises(WmsimError, match="No recording was given"):
        prepare([], QUICK)
    other = weak[1].assign(image=weak[1]["image"].assign_attrs(labels=json.dumps(list("wxyz"))))
    with pytest.raises(WmsimError, match=r"0 values in common.*pair='order'"):
        prepare([weak[0], other], QUICK)
    assert prepare([weak[0], other], QUICK.changed(pair="order")).jobs[0].values[0] == "value 1"


def test_tasks_of_sessions_are_pooled_apart(weak):
    half = np.where(np.arange(120) < 60, "look", "name")
    with_tasks = [one.assign_coords(task=("trial", half)) for one in weak[:2]]
    prepared = prepare([*with_tasks, weak[2].assign_coords(task=("trial", ["look"] * 120))], QUICK)
    pools = {job.task: job.problem.pool for job in prepared.jobs}
    assert {task: len(pool.labels) for task, pool in pools.items()} == {"look": 3, "name": 2}
    assert pools["look"].n_real == 60 + 60 + 120


def test_a_problem_drawn_from_a_population_is_a_problem(weak):
    job = prepare(weak, QUICK.changed(pseudo_trials=2)).jobs[0]
    problem = job.problem.problem(rng=np.random.default_rng(0))
    assert isinstance(problem, Problem)
    assert problem.n_trials == 2 * 4 * 4 * 2
    assert np.isfinite(problem.activity).all()


def test_several_files_on_the_command_line(weak, tmp_path, monkeypatch, capfd):
    import sys

    from wmsim.cli.app import main

    files = [str(save(one, tmp_path / f"s{n}.nc")) for n, one in enumerate(weak[:2])]
    quick = ["--folds", "3", "--permutations", "2", "--bootstrap", "10", "--jobs", "1"]

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["wmsim", "analyze", *words, *quick])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capfd.readouterr()

    status, said = call(*files, "--out", str(tmp_path / "out"))
    assert status == 0, said.err
    assert "image: decoded at" in said.out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["command"] == "wmsim analyze s0.nc s1.nc"
    recording = summary["recordings"]["population"]
    assert len(recording["features"]["image"]["population"]["sessions"]) == 2
    assert recording["rsa"] == {}
    assert (tmp_path / "out" / "results" / "population.nc").is_file()
    assert "pseudo-population of 2 sessions" in (tmp_path / "out" / "report.html").read_text()
    status, said = call(files[0], files[0], "--out", str(tmp_path / "twice"))
    assert status == 1
    assert "was given twice" in said.err


@pytest.fixture(scope="module")
def four_items(recordings_dir):
    """All sessions of four images."""
    files = sorted((recordings_dir / "kornblith2017").glob("*.h5"))
    every = (import_recording("kornblith2017", file) for file in files)
    return [one for one in every if one.sizes["item"] == 4]


@pytest.mark.recordings
@pytest.mark.slow
def test_human_sessions_pooled_read_images_at_every_position_and_nothing_in_maintenance(four_items):
    """The code is brief: at its own step above any session, in maintenance at chance."""
    assert len(four_items) == 7
    config = AnalysisConfig(permutations=4, bootstrap=0)
    summary = analyze(four_items, config, n_jobs=1).summary
    assert summary["n_units"] == 336
    numbers = summary["features"]["image"]
    for item in numbers["within_by_item"]:
        assert item["multiclass"]["value"] > 0.4
        assert item["multiclass"]["chance"] == pytest.approx(1 / 8, abs=0.07)
    maintenance = numbers["maintenance"]
    assert maintenance["multiclass"]["value"] == pytest.approx(1 / 8, abs=0.05)
    assert maintenance["p"] > 0.2
    plain = config.changed(permutations=0)
    for session in four_items:
        single = analyze(session, plain, n_jobs=1).summary["features"]["image"]["within"]
        assert numbers["within"]["multiclass"]["value"] > single["multiclass"]["value"] + 0.08
