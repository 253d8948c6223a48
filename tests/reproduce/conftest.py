"""Recordings with planted codes, and a study that is made of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import build_recording
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.delays_and_nback import THREE_BACK
from wmsim.reproduce.other_tasks import REGIMES
from wmsim.reproduce.study import Study
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


def plant_delay(code, regime, seed, *, n_trials=80, stream=0):
    """Trials of tasks with a delay; only the asked feature is coded.

    "held": each item in the subspace of encoding while shown, then in one of its own, and a cue
    brings the item that it names into a common one and drops the other; "same": items stay where
    they were encoded (two of them side by side); "drifting": each step of the delay has a
    subspace of its own.
    """
    rng = np.random.default_rng([seed, len(regime), stream])
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

    def recording(self, kind, seed, *, split="novel_angle", regime=None):
        code = self.codes.get(kind.name, self.codes[""])
        if regime in REGIMES:
            return plant_delay(code, regime, seed)
        if regime == THREE_BACK:  # whatever delays are, N-back memory is in a subspace of its own
            return plant_delay("held", "DMS", seed, stream=1)
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


@pytest.fixture(scope="session")
def planted():
    """What recordings are planted with, and how."""
    return SimpleNamespace(
        nback=plant_nback, delay=plant_delay, Study=PlantedStudy, config=CONFIG, analysis=PLAIN,
        seeds=SEEDS, tasks=NBACK, features=DELAYED, n_values=K,
    )  # fmt: skip
