"""Figures 4, A4 and A6 on planted codes: verdicts come out as planted, and flip with the code."""

from importlib import import_module

import numpy as np
import pytest
import xarray as xr

from wmsim.figures import style
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import build_recording
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig4c import gain_at_same_age
from wmsim.reproduce.figA6 import VARIANTS
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import from_own_encoding, memory_of
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import donor_in_use, other_items, other_times, swap_summary
from wmsim.tasks import FEATURES, regime_tasks

CONFIG = ReproduceConfig(
    architectures=("gru", "rnn"), single_n=(2,), multi_n=(2,), variant_architectures=("rnn", "gru"),
    trials_per_task=60, analysis=AnalysisConfig(folds=3, permutations=0, bootstrap=0),
)  # fmt: skip
SEEDS = (0, 1, 2)
N_ITEMS, N_VALUES, N_UNITS, N_TRIALS = 5, 4, 24, 60
LACKING = "3-back-category"
MEMORY_FIGURES = ("fig4b", "fig4c", "fig4d", "fig4f", "fig4g", "figA4")


def plant(code, tasks, seed, *, recall=0.8):
    """Trials of N-back tasks in which only the asked feature is coded.

    "chronological": an item of age a in the a-th subspace, and at the executive step partly where
    it was encoded. "slots": item S in the S-th subspace, as long as the trial lasts.
    """
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((N_UNITS, N_ITEMS * N_VALUES)))[0]
    codes = 8 * basis.T.reshape(N_ITEMS, N_VALUES, N_UNITS)
    parts, values = [], []
    for task in tasks:
        shown = rng.integers(N_VALUES, size=(N_TRIALS, N_ITEMS))
        activity = rng.standard_normal((N_ITEMS, N_UNITS, N_TRIALS))
        for step in range(N_ITEMS):
            for item in range(step + 1):
                age = step - item
                place = item if code == "slots" else age
                activity[step] += codes[place][shown[:, item]].T
                if code != "slots" and age == task.n:
                    activity[step] += recall * codes[0][shown[:, item]].T
        parts.append(activity)
        values.append(shown)
    labels = np.concatenate(values)
    trial = {
        "task": np.repeat([task.name for task in tasks], N_TRIALS),
        "n_back": np.repeat([task.n for task in tasks], N_TRIALS),
        "task_feature": np.repeat([task.feature for task in tasks], N_TRIALS),
    }
    return build_recording(
        np.concatenate(parts, axis=2), time=np.arange(N_ITEMS), time_units="step",
        activity_units="a.u.", features=dict.fromkeys(FEATURES, labels), trial=trial,
        shown_item=np.arange(N_ITEMS), source="planted", seed=seed,
    )  # fmt: skip


class PlantedStudy(Study):
    """Recordings are planted; nothing is trained. One task is never recorded."""

    def __init__(self, folder, code, seeds=SEEDS):
        super().__init__(folder, CONFIG, seeds=seeds, n_jobs=1)
        self.code, self.opened, self.kept = code, [], {}

    def recording(self, kind, seed, *, split="novel_angle"):
        self.opened.append((kind.name, seed))
        tasks = [task for task in regime_tasks(kind.regime) if task.name != LACKING]
        return plant(self.code, tasks, seed)

    def measured(self, measure, kind, compute):
        if kind != Kind():  # to save time, other architectures and regimes have the same numbers
            return memory_of(self, Kind()).sel(task=[t.name for t in regime_tasks(kind.regime)])
        if measure not in self.kept:
            self.kept[measure] = super().measured(measure, kind, compute)
        return self.kept[measure]


@pytest.fixture(scope="module")
def chronological(tmp_path_factory):
    return PlantedStudy(tmp_path_factory.mktemp("chronological"), "chronological")


@pytest.fixture(scope="module")
def slots(tmp_path_factory):
    return PlantedStudy(tmp_path_factory.mktemp("slots"), "slots", seeds=SEEDS[:2])


def figure(name):
    return import_module(f"wmsim.reproduce.{name}").FIGURE


def judged(name, study):
    one = figure(name)
    return [claim.judged(name) for claim in one.claims(one.measure(study))]


def verdicts(name, study, words):
    """Verdicts of the claims with some words in them; there is at least one."""
    found = {claim["verdict"] for claim in judged(name, study) if words in claim["claim"]}
    assert found, f"no claim of {name} says '{words}'"
    return found


VERDICTS = [
    ("fig4b", "do not generalise to memory", "holds", "does not hold"),
    ("fig4c", "do not generalise to memory", "holds", "does not hold"),
    ("fig4d", "share one encoding space", "holds", "does not hold"),
    ("fig4f", "a rotation takes", "holds", "holds"),
    ("fig4g", "another item of the same age stay accurate (", "holds", "does not hold"),
    ("fig4g", "another time are less accurate", "holds", "does not hold"),
    ("figA4", "another item of the same age stay accurate (", "holds", "does not hold"),
]


@pytest.mark.parametrize(("name", "words", "if_chronological", "if_slots"), VERDICTS)
def test_verdicts_follow_the_code(chronological, slots, name, words, if_chronological, if_slots):
    assert verdicts(name, chronological, words) == {if_chronological}
    assert verdicts(name, slots, words) == {if_slots}


def test_realignment_is_seen_where_it_was_planted(chronological, slots):
    words = "partly realigned"
    assert verdicts("fig4c", chronological, words) == {"holds"}
    for study, low, high in ((chronological, 0.1, 1.0), (slots, -0.02, 0.02)):
        values = [one["value"] for one in judged("fig4c", study) if words in one["claim"]]
        assert all(low < value < high for value in values)


def test_realignment_is_judged_within_items():
    """Items at the end of a trial, which have no executive step, do not count."""
    shape = (1, 1, 2, 2)
    executive, other = np.full(shape, np.nan), np.full(shape, np.nan)
    executive[0, 0, 0], other[0, 0, 0] = 0.7, 0.6
    other[0, 0, 1] = 0.9
    dims = ("subject", "task", "item", "metric")
    one = xr.Dataset(
        {
            **dict.fromkeys(("validation", "memory"), (dims, np.ones(shape))),
            "executive": (dims, executive), "other": (dims, other),
            "by_age": (("subject", "task", "age", "metric"), np.full((1, 1, 2, 2), np.nan)),
        },
        coords={
            "task": ["2-back-location"], "metric": ["balanced", "multiclass"], "age": [1, 2],
            "n_back": ("task", [2]), "feature": ("task", ["location"]),
        },
    )  # fmt: skip
    found = one.expand_dims(group=["MTMF GRU"]).assign_coords(regime=("group", ["MTMF"]))
    claim = next(one for one in figure("fig4c").claims(found) if "realigned" in one.claim)
    assert list(claim.values) == pytest.approx([0.1])


def test_rotation_of_another_item_beats_a_random_one_only_if_it_is_shared(chronological, slots):
    words = "better than a random one"
    assert verdicts("fig4g", chronological, words) == {"holds"}
    gain = [
        next(claim["value"] for claim in judged("fig4g", study) if words in claim["claim"])
        for study in (chronological, slots)
    ]
    assert gain[0] > 0.4
    assert gain[1] < 0.1


def test_every_claim_has_a_value_a_subject_and_says_whose_bound(chronological):
    for name in MEMORY_FIGURES:
        for claim in judged(name, chronological):
            assert claim["n_subjects"] == len(SEEDS)
            assert claim["low"] <= claim["value"] <= claim["high"]
            assert "ours" in claim["note"]
            assert "balanced accuracy" in claim["statistic"]


def test_measured_once_for_all_figures(chronological):
    for name in MEMORY_FIGURES:
        figure(name).measure(chronological)
    assert chronological.opened
    assert len(chronological.opened) == len(set(chronological.opened))


def test_a_task_that_was_not_recorded_is_left_out(chronological):
    memory = memory_of(chronological, Kind())
    assert memory["task"].values.tolist() == [task.name for task in regime_tasks("MTMF")]
    assert memory["fitted"].sel(task=LACKING).isnull().all()
    others = memory.drop_sel(task=LACKING)
    assert others["fitted"].notnull().any(("subject", "item", "step", "metric")).all()
    assert memory["n_back"].sel(task=LACKING) == 3
    assert memory["feature"].sel(task=LACKING) == "category"


def test_every_claimed_variable_has_subjects(chronological):
    for name in MEMORY_FIGURES:
        found = figure(name).measure(chronological)
        assert found["subject"].values.tolist() == list(SEEDS)


def test_decoders_of_encoding_are_paired_with_their_own_item(chronological):
    memory = memory_of(chronological, Kind())
    own = from_own_encoding(memory)
    for item in range(N_ITEMS):
        expected = memory["from_encoding"].sel(trained_item=item, item=item)
        xr.testing.assert_equal(own.sel(item=item).drop_vars("item"),
                                expected.drop_vars(["item", "trained_item"]))  # fmt: skip


def test_swaps_by_hand():
    """One task, 2-back, three items: every mean can be told by eye."""
    shape = (1, 1, 3, 3)
    in_use = np.zeros(shape)
    in_use[0, 0] = [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    stimulus, time = np.full((*shape, 5, 2), np.nan), np.full((*shape, 2, 2), np.nan)
    stimulus[0, 0, 0, 1, 2:4, 0] = 0.9, 0.7  # M(1, 2): its own rotation, that of item 2
    stimulus[0, 0, 1, 2, 1:3, 0] = 0.5, 1.0  # M(2, 3): that of item 1, its own
    time[0, 0, 0, 1, 1, 0] = 0.6  # M(1, 2) with R(1, 3): of use
    time[0, 0, 1, 2, 1, 0] = 0.2  # M(2, 3) with a step after the last use
    dims = ("subject", "task", "item", "step")
    memory = xr.Dataset(
        {
            "in_use": (dims, in_use), "swap_stimulus": ((*dims, "offset", "metric"), stimulus),
            "swap_time": ((*dims, "shift", "metric"), time),
            "fitted": ((*dims, "metric"), np.ones((*shape, 2))),
            "reconstructed": ((*dims, "metric"), stimulus[..., 2, :]),
            "random_rotation": ((*dims, "metric"), np.full((*shape, 2), 0.5)),
        },
        coords={"offset": range(-2, 3), "shift": [-1, 1], "metric": ["balanced", "multiclass"]},
    )  # fmt: skip
    one = swap_summary(memory).isel(subject=0, task=0).sel(metric="balanced")
    assert one["other_item"] == pytest.approx((0.7 + 0.5) / 2)
    assert one["reconstructed"] == pytest.approx(0.95)
    assert one["other_time"] == pytest.approx(0.6)
    assert one["other_time_out_of_use"] == pytest.approx(0.2)
    assert donor_in_use(memory).sel(shift=1).values[0, 0].tolist() == [
        [True, True, False], [False, True, False], [False, False, False]
    ]  # fmt: skip
    paired = (other_items(memory) - other_times(memory)).sel(metric="balanced").mean()
    assert paired == pytest.approx(0.7 - 0.6)


def test_gain_at_same_age_compares_tasks_that_differ_in_n():
    names = ["1-back-location", "2-back-location", "3-back-location", "1-back-identity"]
    by_age = np.full((1, 4, 3, 2), np.nan)
    by_age[0, 0, 0] = 0.9  # executive at age 1
    by_age[0, 1, :2] = [[0.6], [0.8]]  # executive at age 2
    by_age[0, 2] = [[0.4], [0.5], [0.7]]
    by_age[0, 3, 0] = 1.0  # no longer task asks for identity
    one = xr.Dataset(
        {"by_age": (("subject", "task", "age", "metric"), by_age)},
        coords={
            "task": names, "age": [1, 2, 3], "metric": ["balanced", "multiclass"],
            "n_back": ("task", [1, 2, 3, 1]), "regime": "MTMF",
            "feature": ("task", ["location"] * 3 + ["identity"]),
        },
    )  # fmt: skip
    assert gain_at_same_age(one) == pytest.approx([((0.9 - 0.5) + (0.8 - 0.5)) / 2])
    assert np.isnan(gain_at_same_age(one.assign_coords(regime="STMF"))).all()


@pytest.mark.parametrize("name", [name for name in MEMORY_FIGURES if name != "figA4"])
def test_figures_are_drawn(chronological, tmp_path, name, monkeypatch):
    monkeypatch.setattr(style, "PNG_DPI", 40)
    one = figure(name)
    found = one.measure(chronological)
    if name == "fig4c":  # of one subject there is no interval
        found = found.isel(subject=[0])
    before = found.copy(deep=True)
    one.draw(found, tmp_path / name)
    assert (tmp_path / f"{name}.png").stat().st_size > 1000
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    xr.testing.assert_identical(found, before)


class VariantStudy(PlantedStudy):
    """Behaviour and transfer are made up: gated networks transfer worse."""

    def measured(self, measure, kind, compute):
        if measure == "memory":
            if kind != Kind(regime=kind.regime):  # the same numbers, to save time
                return memory_of(self, Kind(regime=kind.regime))
            return Study.measured(self, measure, kind, compute)
        tasks = regime_tasks(kind.regime)
        n, worse = len(tasks), 0.0 if kind.architecture == "rnn" else 0.2
        same = np.equal.outer(*[[task.feature for task in tasks]] * 2)
        accuracy = np.where(same, 0.95, 0.9 - worse)
        noise = 0.01 * np.random.default_rng(len(kind.name)).random(
            (len(self.seeds), 2, 3, n, n, 2)
        )
        names = [task.name for task in tasks]
        dims = ("subject", "scaling", "feature", "train_task", "test_task", "metric")
        return xr.Dataset(
            {
                "accuracy": (dims, accuracy[None, None, None, :, :, None] + noise),
                "nested": (("task", "feature"), np.zeros((n, 3), bool)),
            },
            coords={
                "subject": list(self.seeds), "scaling": ["trained", "tested"],
                "feature": list(FEATURES), "train_task": names, "test_task": names, "task": names,
                "metric": ["balanced", "multiclass"], "n_back": ("task", [t.n for t in tasks]),
                "asked_feature": ("task", [task.feature for task in tasks]),
            },
        )  # fmt: skip

    def behaviour(self, kind):
        good = {"textures": 0.97, "larger": 0.80}.get(kind.variant, 0.95)
        values = good + 0.01 * np.arange(len(self.seeds))[:, None] * np.ones(2)
        return xr.Dataset(
            dict.fromkeys(("accuracy", "executive_accuracy"), (("subject", "split"), values)),
            coords={"subject": list(self.seeds), "split": ["train", "novel_angle"]},
        )

    def example_frames(self, variant, n=3):
        assert variant == "textures"
        return np.full((n, 8, 8, 3), 100, np.uint8)

    def recording(self, kind, seed, *, split="novel_angle"):
        longest = Kind(regime="STMF-4" if kind.regime == "MTMF-4" else "STMF-2")
        return super().recording(longest, seed)


def test_variants(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "PNG_DPI", 40)
    study = VariantStudy(tmp_path / "study", "chronological")
    one = figure("figA6")
    assert len(one.kinds(CONFIG)) == 2 * len(VARIANTS)
    found = one.measure(study)
    assert found["frames"].dtype == np.uint8
    for claim in (claim.judged("figA6") for claim in one.claims(found)):
        fails = "8 categories" in claim["claim"] and "novel view angles" in claim["claim"]
        assert claim["verdict"] == ("does not hold" if fails else "holds"), claim
        if "decoders turned" in claim["claim"]:  # these recordings hold one n each
            assert "too few trials a value: 1-back-location" in claim["note"]
    one.draw(found, tmp_path / "figA6")
    assert (tmp_path / "figA6.pdf").read_bytes().startswith(b"%PDF")
    path = tmp_path / "numbers.nc"
    found.to_netcdf(path)
    with xr.open_dataset(path) as read:
        claims = [[claim.judged("figA6")["value"] for claim in one.claims(part)]
                  for part in (found, read.load())]  # fmt: skip
    assert claims[0] == pytest.approx(claims[1], abs=1e-12)
