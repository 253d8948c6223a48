"""Figures beyond the paper on planted codes: verdicts are as planted, and flip with the code."""

from importlib import import_module

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import ConfigError
from wmsim.figures import style
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import build_recording
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.delays import measure_delays
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.novel_identities import both_splits, measure_splits
from wmsim.reproduce.other_tasks import REGIMES, first_delay, steps_of
from wmsim.reproduce.strategy import memory_numbers
from wmsim.reproduce.study import Study
from wmsim.stimuli import StimulusConfig
from wmsim.tasks import FEATURES, regime_tasks

PLAIN = AnalysisConfig(folds=2, permutations=0, bootstrap=0)
CONFIG = ReproduceConfig(architectures=("gru",), sizes={"gru": (64,)}, analysis=PLAIN)
SEEDS = (0, 1, 2)
N_ITEMS, K, N_UNITS, N_TRIALS = 4, 4, 48, 60
NBACK = ("2-back-location", "2-back-category")
DELAYED = ("location", "category")


def subspaces(seed, n):
    """n codes of K values in orthogonal subspaces, (code, value, unit)."""
    rng = np.random.default_rng([seed, 99])
    basis = np.linalg.qr(rng.standard_normal((N_UNITS, n * K)))[0]
    return 8 * basis.T.reshape(n, K, N_UNITS)


def plant_nback(code, seed, *, novel=False):
    """Trials of N-back tasks in which only the asked feature is coded.

    "chronological": an item of age a in the a-th subspace; "slots": item S in the S-th; "recalled":
    chronological, but nothing is there between encoding and the executive step; "moved":
    chronological, and the category of novel identities is coded elsewhere.
    """
    rng = np.random.default_rng([seed, novel])
    codes = subspaces(seed, 2 * N_ITEMS)
    tasks = [task for task in regime_tasks("MTMF") if task.name in NBACK]
    parts, shown = [], {feature: [] for feature in FEATURES}
    for task in tasks:
        labels = {f: rng.integers(K, size=(N_TRIALS, N_ITEMS)) for f in ("location", "category")}
        labels["identity"] = labels["category"] + K * novel
        activity = rng.standard_normal((N_ITEMS, N_UNITS, N_TRIALS))
        elsewhere = N_ITEMS * (code == "moved" and novel and task.feature == "category")
        for item, step in zip(*np.triu_indices(N_ITEMS), strict=True):
            age = step - item
            if code == "recalled" and age not in (0, task.n):
                continue
            place = (item if code == "slots" else age) + elsewhere
            activity[step] += codes[place][labels[task.feature][:, item]].T
        parts.append(activity)
        for feature in FEATURES:
            shown[feature].append(labels[feature])
    names = {"location": K, "identity": 2 * K, "category": K}
    return build_recording(
        np.concatenate(parts, axis=2), time=np.arange(N_ITEMS), time_units="step",
        activity_units="a.u.", shown_item=np.arange(N_ITEMS), source="planted", seed=seed,
        features={f: (np.concatenate(shown[f]), [f"{f} {v}" for v in range(names[f])])
                  for f in FEATURES},
        unit={"kind": np.repeat(["hidden", "state"], N_UNITS // 2)},
        trial={
            "task": np.repeat([task.name for task in tasks], N_TRIALS),
            "n_back": np.repeat([task.n for task in tasks], N_TRIALS),
            "task_feature": np.repeat([task.feature for task in tasks], N_TRIALS),
        },
    )  # fmt: skip


def plant_delay(code, regime, seed, *, n_trials=80):
    """Trials of tasks with a delay; only the asked feature is coded.

    "held": each item in the subspace of encoding while shown, then in one of its own, and a cue
    brings the item that it names into a common one and drops the other; "same": items stay where
    they were encoded (two of them side by side); "drifting": each step of the delay has a
    subspace of its own.
    """
    rng = np.random.default_rng([seed, len(regime)])
    tasks = [task for task in regime_tasks(regime) if task.feature in DELAYED]
    names = tasks[0].timeline.names
    n_items = sum(name.startswith("item") for name in names)
    codes = subspaces(seed, 11)
    cue_at = names.index("cue") if "cue" in names else len(names)
    parts, labels, cues = [], [], []
    for _ in tasks:
        shown = rng.permuted(np.tile(np.arange(K), (n_trials, 1)), axis=1)[:, :n_items]
        cue = rng.permutation(np.arange(n_trials) % n_items)
        activity = rng.standard_normal((len(names), N_UNITS, n_trials))
        for item in range(n_items):
            for step in range(item, len(names)):
                there = np.ones(n_trials, dtype=bool)
                place = 0 if step == item else 1 + item
                if code == "same":
                    place = item
                elif code == "drifting" and step >= n_items:
                    place = step
                elif step > cue_at:
                    place, there = 4, cue == item
                activity[step] += np.where(there[:, None], codes[place][shown[:, item]], 0).T
        parts.append(activity)
        labels.append(shown)
        cues.append(cue)
    every = np.concatenate(labels)
    trial = {
        "task": np.repeat([task.name for task in tasks], n_trials),
        "task_feature": np.repeat([task.feature for task in tasks], n_trials),
    } | ({"cued_item": np.concatenate(cues)} if "cue" in names else {})
    shown_item = [int(name.split()[1]) - 1 if name.startswith("item") else -1 for name in names]
    return build_recording(
        np.concatenate(parts, axis=2), time=np.arange(len(names)), time_units="step",
        activity_units="a.u.", features=dict.fromkeys(FEATURES, every), trial=trial,
        shown_item=shown_item, step_name=list(names), source="planted", seed=seed,
    )  # fmt: skip


MEASURED = {}


class PlantedStudy(Study):
    """Recordings are planted, behaviour and transfer made up; nothing is trained.

    `codes`: name of a kind (or "") to the code planted in it.
    """

    def __init__(self, folder, codes, *, across=0.7, probe=0.95):
        super().__init__(folder, CONFIG, seeds=SEEDS, n_jobs=1)
        self.codes, self.across, self.probe = codes, across, probe

    def recording(self, kind, seed, *, split="novel_angle"):
        code = self.codes.get(kind.name, self.codes[""])
        if kind.regime in REGIMES:
            return plant_delay(code, kind.regime, seed)
        return plant_nback(code, seed, novel=split == "novel_identity")

    def measured(self, measure, kind, compute):
        if measure.startswith("transfer") and measure != "transfer-novel":
            return self.made_up(kind)
        # To save time, kinds with the same plant are measured once.
        key = measure, self.codes.get(kind.name, self.codes[""]), kind.regime
        if key not in MEASURED:
            MEASURED[key] = super().measured(measure, kind, compute)
        return MEASURED[key]

    def made_up(self, kind):
        tasks = regime_tasks(kind.regime)
        asked, names = [task.feature for task in tasks], [task.name for task in tasks]
        accuracy = np.where(np.equal.outer(asked, asked), 0.95, self.across)
        noise = 0.005 * np.random.default_rng(kind.size).random((len(SEEDS), 2, 3, 9, 9, 2))
        dims = ("subject", "scaling", "feature", "train_task", "test_task", "metric")
        return xr.Dataset(
            {"accuracy": (dims, accuracy[None, None, None, :, :, None] + noise)},
            coords={
                "subject": list(SEEDS), "scaling": ["trained", "tested"], "feature": list(FEATURES),
                "train_task": names, "test_task": names, "task": names,
                "metric": ["balanced", "multiclass"], "asked_feature": ("task", asked),
                "n_back": ("task", [task.n for task in tasks]),
            },
        )  # fmt: skip

    def behaviour(self, kind):
        tasks = [task.name for task in regime_tasks(kind.regime)]
        spread = 0.01 * np.arange(len(SEEDS))[:, None]
        right = self.probe - 0.1 * np.array([0, 0, 1]) + spread  # novel identities are harder
        by_task = np.repeat(right[:, :, None], len(tasks), axis=2)
        learning = np.array([[0.5, 0.97, np.nan], [0.5, 0.9, 0.99], [0.5, 0.9, 0.95]])
        return xr.Dataset(
            {
                "accuracy": (("subject", "split"), right),
                "executive_accuracy": (("subject", "split"), right),
                "executive_by_task": (("subject", "split", "task"), by_task),
                "learning": (("subject", "iteration"), learning),
                "parameters": ("subject", [kind.size] * 3), "iterations": ("subject", [100] * 3),
            },
            coords={
                "subject": list(SEEDS), "split": ["train", "novel_angle", "novel_identity"],
                "task": tasks, "iteration": [50, 100, 150],
            },
        )  # fmt: skip


def figure(name):
    return import_module(f"wmsim.reproduce.{name}").FIGURE


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Numbers of a figure, kept: (name, codes, settings) to what it measures."""
    known = {}

    def make(name, codes, **settings):
        codes = codes if isinstance(codes, dict) else {"": codes}
        key = repr((name, codes, settings))
        if key not in known:
            study = PlantedStudy(tmp_path_factory.mktemp(name), codes, **settings)
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
]


@pytest.mark.parametrize(("name", "words", "codes", "expected"), VERDICTS)
def test_verdicts_follow_the_code(made, name, words, codes, expected):
    assert verdict(name, made(name, codes), words) == expected


FIGURES = (("size", "chronological"), ("other_cores", "recalled"),
           ("novel_identities", "moved"), ("other_tasks", "held"))  # fmt: skip


@pytest.mark.parametrize(("name", "codes"), FIGURES)
def test_claims_say_that_they_are_ours(made, name, codes):
    claims = [claim.judged(name) for claim in figure(name).claims(made(name, codes))]
    assert len({claim["claim"] for claim in claims}) == len(claims)
    for claim in claims:
        assert "ours, exploratory" in claim["note"]
        assert "Bound" in claim["note"]
        assert claim["n_subjects"] in (0, len(SEEDS))


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


def test_kinds():
    assert [kind.name for kind in figure("size").kinds(CONFIG)] == ["gru-64-MTMF", "gru-256-MTMF"]
    names = [kind.architecture for kind in figure("other_cores").kinds(CONFIG)]
    assert names == ["gru", "transformer", "ssm"]
    assert [kind.regime for kind in figure("other_tasks").kinds(CONFIG)] == list(REGIMES)
    assert figure("novel_identities").kinds(CONFIG) == [Kind()]
    none = CONFIG.changed(stimuli=StimulusConfig(novel_identities=0))
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


def test_both_splits_keeps_one_item_and_names_tasks_apart():
    parts = {name: plant_nback("moved", 0, novel=name == "novel") for name in ("trained", "novel")}
    both = both_splits(parts, 2)
    assert both.sizes["time"] == both.sizes["item"] == 1
    assert both["shown_item"].values.tolist() == [0]
    assert set(both["task"].values) == {f"{t}/{name}" for t in NBACK for name in parts}
    activity = np.concatenate([part["activity"].values[2] for part in parts.values()], axis=1)
    assert np.array_equal(both["activity"].values[0], activity)
    assert np.array_equal(
        both["category"].values[:, 0],
        np.concatenate([part["category"].values[:, 2] for part in parts.values()]),
    )


def test_later_items_are_decoded_where_they_are_asked_for():
    found = measure_splits(plant_nback("moved", 0), plant_nback("moved", 0, novel=True), PLAIN,
                           n_jobs=1)["accuracy"].sel(feature="category")  # fmt: skip
    asked = found["asked_feature"].values == "category"
    assert found.isel(item=0).notnull().all()
    assert found.isel(task=asked).notnull().all()
    assert found.isel(task=~asked, item=slice(1, None)).isnull().all()


def test_delays_by_hand():
    found = measure_delays(plant_delay("held", "RETROCUE", 0), PLAIN, n_jobs=1)
    assert found["asked_feature"].values.tolist() == list(DELAYED)
    assert (found["n_values"] == K).all()
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


def test_values_with_too_few_trials_are_left_out():
    found = measure_delays(plant_delay("held", "RETROCUE", 0, n_trials=12), PLAIN, n_jobs=1)
    assert found["maintenance"].isnull().all()
    assert found["by_cue"].isnull().all()
