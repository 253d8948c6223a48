"""Codes planted to turn with items, with seconds or with neither are told apart."""

import json

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.figures.rank_time import rank_time_figure
from wmsim.hypotheses.codes import contrasts
from wmsim.hypotheses.rank_time import rank_or_time
from wmsim.hypotheses.rank_time_codes import (
    Cell,
    Moments,
    draw_halves,
    estimable_axes,
    find_cells,
    similarities,
)
from wmsim.hypotheses.rank_time_effects import effects, find_pairs
from wmsim.hypotheses.rank_time_results import decide
from wmsim.recordings import align, build_recording, import_recording

BIN, LATENCY = 0.1, 0.15
GAPS = (0.2, 0.45, 0.7, 1.0)


def planted(kind, *, n_trials=160, n_units=24, n_values=4, n_items=3, signal=1.0, gaps=GAPS,
            fade=0.0, seed=0):  # fmt: skip
    """A continuous recording whose codes turn with rank, with time, or stay in slots.

    Codes go from one random subspace to the next, with every item or with every 0.6 s.
    """
    rng = np.random.default_rng(seed)
    gap = rng.choice(gaps, size=n_trials)
    onset = np.arange(n_items) * gap[:, None]
    maintenance = onset[:, -1] + gap + 0.2
    time = np.arange(BIN / 2, maintenance.max() + 2.5, BIN)
    labels = np.array([rng.permutation(n_values)[:n_items] for _ in range(n_trials)])
    codes = rng.standard_normal((12, n_values, n_units)) * signal / 3
    activity = rng.standard_normal((len(time), n_units, n_trials))
    for item in range(n_items):
        elapsed = time[:, None] - onset[:, item]
        rank = (onset.T[:, None] + LATENCY <= time[:, None]).sum(axis=0) - 1 - item
        place = {
            "rank": np.maximum(rank, 0),
            "time": np.maximum(elapsed, 0) / 0.6,
            "slot": np.full(elapsed.shape, item),
        }[kind]
        low = np.clip(np.floor(place).astype(int), 0, 10)
        turned = np.clip(place - low, 0, 1)[..., None] * np.pi / 2
        own = labels[:, item]
        code = np.cos(turned) * codes[low, own] + np.sin(turned) * codes[low + 1, own]
        strength = np.where(elapsed >= 0, np.exp(-fade * np.maximum(elapsed, 0)), 0)
        activity += (code * strength[..., None]).transpose(0, 2, 1)
    return build_recording(
        activity, time=time, time_units="s", bin_width=BIN, activity_units="a.u.",
        features={"image": (labels, [f"image {v}" for v in range(n_values)])},
        item_onset=onset, events={"maintenance": maintenance}, source="planted", seed=seed,
    )  # fmt: skip


def asked(recording, **options):
    return rank_or_time(
        recording, **{"permutations": 19, "most_bins": 2, "maintenance_steps": 1, **options}
    )


@pytest.fixture(scope="module")
def found():
    return {kind: asked(planted(kind, signal=0.8, seed=5)) for kind in ("rank", "time", "slot")}


@pytest.mark.parametrize(("kind", "answer"), [("rank", "rank"), ("time", "time")])
def test_planted_truth_is_recovered(found, kind, answer):
    summary = found[kind][1]
    assert summary["answer"] == answer, summary["words"]
    other = {"rank": "time", "time": "rank"}[kind]
    assert summary[kind]["low"] > 0
    assert abs(summary[other]["value"]) < summary[kind]["value"] / 2
    assert summary["explained"][kind] > 3 * summary["explained"][other]


def test_slots_change_with_neither(found):
    summary = found["slot"][1]
    assert summary["answer"] == "neither", summary["words"]
    assert summary["signal"]["p"] <= 0.05


def test_without_a_code_it_is_undecided_and_says_why():
    _, summary = asked(planted("rank", signal=0.0, seed=2))
    assert summary["answer"] == "undecided"
    assert "nothing decodable while held" in summary["words"]
    assert summary["signal"]["low"] < 0 < summary["signal"]["high"]


def test_a_code_that_fades_has_not_turned():
    _, summary = asked(planted("slot", signal=1.2, fade=0.35, seed=4))
    assert summary["answer"] in ("neither", "undecided"), summary["words"]
    assert max(summary["rank"]["low"], summary["time"]["low"]) <= 0


def test_p_of_time_is_uniform_where_only_rank_matters():
    rng = np.random.default_rng(0)
    p = []
    for _ in range(16):
        moments = simple_moments(rng)
        halves = draw_halves(moments, 1, rng)

        def effect(one, halves=halves):
            cells = find_cells(one, 2)
            return effects(similarities(one, cells, halves), cells, find_pairs(cells)).time

        null = [effect(moments.permuted_times(rng)) for _ in range(9)]
        p.append((1 + sum(one >= effect(moments) for one in null)) / 10)
    assert np.sum(np.array(p) <= 0.1) <= 4
    assert 0.3 < np.mean(p) < 0.8


def simple_moments(rng, n_trials=80, n_units=6):
    """Two items of two values at two steps and in maintenance; codes turn with rank."""
    labels = rng.integers(2, size=(2, n_trials))
    gap = rng.uniform(0.3, 1.0, n_trials)
    rank = np.array([[0, 1, 1], [-1, 0, 0]])[..., None].repeat(n_trials, axis=2)
    elapsed = np.full(rank.shape, np.nan)
    elapsed[0] = np.stack([np.full(n_trials, 0.3), gap + 0.3, 2 * gap + 1])
    elapsed[1, 1:] = np.stack([np.full(n_trials, 0.3), gap + 1])
    codes = rng.standard_normal((2, n_units))
    activity = rng.standard_normal((3, n_trials, n_units))
    for item, step in np.argwhere(rank[..., 0] >= 0):
        signs = np.where(labels[item] > 0, 1, -1)[:, None]
        activity[step] += 0.7 * signs * codes[rank[item, step, 0]]
    return Moments(activity, labels, 2, elapsed, rank, np.array([0, 1, -1]))


def test_similarities_are_unbiased_and_cells_hold_what_they_say():
    rng = np.random.default_rng(1)
    every = []
    for _ in range(30):
        moments = simple_moments(rng)
        moments = Moments(
            rng.standard_normal(moments.activity.shape), moments.labels, 2, moments.elapsed,
            moments.rank, moments.shows,
        )  # fmt: skip
        cells = find_cells(moments, 2)
        every.append(similarities(moments, cells, draw_halves(moments, 2, rng)).mean())
    assert abs(np.mean(every)) < 3 * np.std(every) / np.sqrt(len(every))
    assert {(cell.item, cell.step) for cell in cells} == {(0, 1), (0, 2), (1, 2)}
    for cell in cells:
        assert cell.rank == moments.rank[cell.item, cell.step, 0]
        assert cell.time == pytest.approx(moments.elapsed[cell.item, cell.step, cell.trials].mean())
    first, second = (set(cells[n].trials) for n in (0, 1))
    assert not first & second
    assert first | second == set(range(80))


def test_effects_of_exact_kernels():
    """Where the kernel is known, the slopes are its slopes."""
    rng = np.random.default_rng(3)
    cells = [
        Cell(item, rank + item, rank, np.arange(10), float(gap * rank + 0.3), False)
        for item in (0, 1) for rank in (1, 2, 3) for gap in rng.uniform(0.2, 1.0, 3)
    ]  # fmt: skip
    pairs = find_pairs(cells)
    time = np.array([cell.time for cell in cells])
    rank = np.array([cell.rank for cell in cells])
    by_time = effects(5 * (1 - 0.2 * abs(time[:, None] - time)), cells, pairs)
    by_rank = effects(5 * (1 - 0.3 * abs(rank[:, None] - rank)), cells, pairs)
    np.testing.assert_allclose(by_time, [5, 0, 0.2], atol=1e-3)
    np.testing.assert_allclose(by_rank, [5, 0.3, 0], atol=1e-3)


def test_items_that_follow_from_the_others_take_no_part():
    """Each trial has one value of 0 and 1: which of them, but not their difference from the rest,
    is lost in the sum over items."""
    labels = np.array([[a, b] for a in range(4) for b in range(4) if a // 2 != b // 2] * 2).T
    axes = estimable_axes(labels, 4)
    assert axes.shape == (3, 2)
    halves = contrasts(4) @ axes
    np.testing.assert_allclose(halves.T @ [1, 1, -1, -1], 0, atol=1e-9)


def test_sessions_are_combined_by_subject(found):
    recordings = [planted("rank", n_trials=130, signal=0.6, seed=seed) for seed in (11, 12, 13)]
    for number, one in enumerate(recordings):
        one.coords["subject"] = ("unit", [f"S{number}"] * one.sizes["unit"])
    dataset, summary = asked(recordings, permutations=10)
    assert summary["n_subjects"] == 3
    assert summary["interval_over"] == "subjects"
    assert summary["rank"]["low"] > 0
    assert dataset["effect"].shape == (3, 4)
    own = dataset["effect"].sel(effect_name="rank").values
    assert own.min() <= summary["rank"]["value"] <= own.max()
    json.dumps(summary, allow_nan=False)


def test_results_are_labelled_seeded_and_drawn(found, tmp_path):
    dataset, summary = found["rank"]
    one, same = (asked(planted("rank", n_trials=100), permutations=3)[0] for _ in range(2))
    xr.testing.assert_identical(one, same)
    assert dataset["cell_rank"].values.max() == 2
    assert set(dataset["rank_difference"].values.tolist()) == {0, 1, 2}
    json.dumps(summary, allow_nan=False)
    for path in rank_time_figure(dataset, summary, tmp_path / "figure"):
        assert path.stat().st_size > 2000


def test_an_aligned_recording_keeps_its_windows_if_it_says_when_items_came():
    continuous = planted("rank", n_trials=130, seed=3)
    aligned = align(continuous, window=(0.2, 0.4), maintenance_window=(0.0, 0.8))
    _, summary = asked(aligned, permutations=5)
    assert summary["recordings"]["recording 1"]["n_cells"] > 0
    with pytest.raises(WmsimError, match="does not say when items came"):
        asked(aligned.drop_vars("recorded_item_onset"))


def test_gaps_that_do_not_vary_are_refused_with_how_little_they_do():
    with pytest.raises(
        WmsimError, match=r"hardly vary .* at most .* s, 0.0%.* vary from trial to trial"
    ):
        asked(planted("rank", n_trials=60, gaps=(0.6,)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.drop_vars("item_onset"), "item_onset: is missing"),
        (lambda one: one.isel(trial=slice(30)), "too few|do not tell"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, message):
    with pytest.raises(WmsimError, match=message):
        asked(change(planted("rank", n_trials=60)))


def test_items_that_exhaust_all_values_are_refused():
    with pytest.raises(WmsimError, match="more values than there are items"):
        asked(planted("rank", n_trials=120, n_values=3))


def test_an_answer_needs_more_than_one_effect_that_is_not_nothing():
    def number(low, high, p=0.5):
        return {"value": (low + high) / 2, "low": low, "high": high, "p": p}

    held = number(1, 3, 0.01)
    wide = {"signal": held, "rank": number(0.1, 0.9), "time": number(-0.6, 0.8),
            "difference": number(-0.3, 1.1)}  # fmt: skip
    assert decide(wide)[0] == "undecided"
    assert decide({**wide, "difference": number(0.1, 0.7)})[0] == "rank"
    assert decide({**wide, "time": number(0.2, 0.8, 0.01)})[0] == "both"
    assert decide({**wide, "signal": number(1, 3, 0.2)})[0] == "undecided"


def test_human_maintenance_is_undecided(recordings_dir):
    file = next((recordings_dir / "kornblith2017").glob("405e23sb*.h5"))
    recording = import_recording("kornblith2017", file)
    _, summary = asked(recording, permutations=10)
    assert summary["answer"] == "undecided", summary["words"]
