"""Words of a comparison: methods, conclusions no stronger than the ceiling allows, references."""

import json
import re

import numpy as np
import pytest

from tests.compare.made import made_comparison, unlike_brains
from wmsim.compare.config import CompareConfig
from wmsim.compare.inference import cannot_rank, ranking
from wmsim.report.compare_conclusions import OF_INDICES, OF_VALUES, conclusions
from wmsim.report.compare_methods import methods
from wmsim.report.compare_references import ENTRIES, OF_SCORES, bibtex
from wmsim.report.compare_roles import Cast, Given

LIBRARIES = {"wmsim": "0.9", "numpy": "2.0", "xarray": "2026.1", "rsatoolbox": "0.3"}
NONE = {"applies": False, "why": "It was not asked for."}


def cast_of(tmp_path, *, twin=None, aligned=True, units="spikes/s"):
    attrs = {"twin": json.dumps(twin)} if twin else {}
    files = (
        Given(tmp_path / "gru.nc", "model", "model", attrs, "gru", aligned, "a.u."),
        Given(tmp_path / "monkey.nc", "neural", "brain", {}, "", aligned, units),
    )
    return Cast({}, (), files)


def said(comparison, tmp_path, config=None, inference=NONE, **cast):
    config = config or CompareConfig()
    return methods(
        comparison, ranking(comparison), config, cast_of(tmp_path, **cast), LIBRARIES, inference
    )


def test_methods_have_the_actual_numbers(tmp_path):
    made = made_comparison(5, 4, n_values=9, n_resamples=300, n_shuffles=12)
    text = said(made, tmp_path, CompareConfig(halvings=6, units=99, level=0.9))
    for part in (
        "3 models (gru-1, lstm-1 and rnn-1) were compared with 4 brains",
        "Controls were untrained (an untrained network) and encoder (the encoder's features alone)",
        "230 (200 to 260) trials, 55 (40 to 70) units, 4 items a trial, 9 values; median and range",
        "very trials", "6 times", "at most 99", "12 shuffles", "300 times", "90% intervals",
        "5 steps (item 1, item 2, item 3, item 4 and maintenance)", "2 scores were computed",
        "Holm", "risk 0.1", "wmsim 0.9, numpy 2.0, xarray 2026.1 and rsatoolbox 0.3",
        "square root",
    ):  # fmt: skip
        assert part in text, part
    assert "Activity was averaged" not in text
    assert "stood in" not in text


def test_methods_say_what_was_done(tmp_path):
    made = made_comparison(3, 4, scores=("tensor", "ridge", "verdict"))
    text = said(made, tmp_path, CompareConfig(level=0.975))
    assert "97.5% intervals" in text
    assert "tensor: the cosine, over pairs of states" in text
    assert "the other half of trials and to other values" in text
    assert "The floor of verdicts" in text
    assert "floor of verdicts" not in said(made_comparison(3, 4), tmp_path)


def test_methods_say_what_was_sampled(tmp_path):
    assert "over brains (Student's t)" in said(made_comparison(3, 4), tmp_path)
    shared = said(made_comparison(3, 4, shared_stimuli=True), tmp_path)
    assert "dual bootstrap" in shared
    one = said(made_comparison(3, 1), tmp_path)
    assert "hold for it alone" in one
    assert "median" not in one
    own = made_comparison(3, 2)
    own["matched"][:] = False
    assert "trials of their own" in said(own, tmp_path)
    own["matched"][0] = True
    assert re.search("very trials .* but for (?!gru-1)", said(own, tmp_path))


def test_methods_say_windows_stand_ins_and_rsatoolbox(tmp_path):
    twin = {
        "brain": "monkey", "step": 0.2, "latency": 0.2, "largest_rounding_error": 0.05,
        "stand_ins": {"apple": "chair-0", "ball": "mug-1"},
    }  # fmt: skip
    inference = {"applies": True, "step": "maintenance", "method": "eval_x", "resamples": 77}
    text = said(
        made_comparison(3, 2), tmp_path, inference=inference, twin=twin, aligned=False, units="z"
    )
    for part in (
        "from 0.2 to 0.8 s after an item's onset and from 0 to 2.4 s after the start",
        "stood for 0.2 s (times were rounded by at most 0.05 s)", "(chair-0 and mug-1)",
        "eval_x, 77 resamples",
    ):  # fmt: skip
        assert part in text, part
    assert "square root" not in text


def of_score(comparison, tmp_path, score="rsa", **cast):
    lines = conclusions(ranking(comparison), cast_of(tmp_path, **cast))
    return next(line for line in lines if line.startswith(f"{score}: "))


def test_a_clear_winner_is_named_with_what_it_beats(tmp_path):
    made = made_comparison(
        4, 12, quality=[0.6, 0.3, 0.1, 0.1], stimulus_sd=0.02, own_stimulus_sd=0.02, own_sd=0.01,
    )  # fmt: skip
    text = of_score(made, tmp_path)
    assert "largest mean of a model is that of gru-1, 0.58 [" in text
    assert "above its floor" in text
    assert "ahead of lstm-1" in text
    assert "ahead of the controls untrained" in text
    assert "below the ceiling" in text
    assert "cannot be told" not in text


def test_models_that_are_alike_are_not_told_apart(tmp_path):
    made = made_comparison(4, 6, quality=[0.4, 0.4, 0.4, 0.4], own_sd=0.05, seed=3)
    text = of_score(made, tmp_path)
    assert "cannot be told from" in text
    assert "no proof that they are alike" in text
    assert "does not say that learning the task" in text
    assert "ahead of" not in text


def test_of_many_models_the_range_is_told(tmp_path):
    made = made_comparison(
        11, 6, quality=[0.4] * 11, n_controls=5, own_sd=0.01, own_stimulus_sd=0.02, seed=3
    )
    text, found = of_score(made, tmp_path), ranking(made).sel(score="rsa")
    trained, means = found["control"].values == "", found["mean"].values
    best = np.flatnonzero(trained)[np.argmax(means[trained])]
    assert (found["p_corrected"].values[best, np.arange(11) != best] == 1).all()
    others = means[trained & (np.arange(11) != best)]
    for who, those in (("other 5 models", others), ("5 controls", means[~trained])):
        told = f"any of the {who} ({those.min():.2f} to {those.max():.2f}; p 1.000)"
        assert f"It cannot be told from {told}" in text


def test_some_of_many_are_named(tmp_path):
    made = made_comparison(
        12, 12, quality=[0.6] * 6 + [0.2] * 5 + [0.1], n_controls=1, stimulus_sd=0.02,
        own_sd=0.01, own_stimulus_sd=0.02, noise_sd=0.02,
    )  # fmt: skip
    text, found = of_score(made, tmp_path), ranking(made).sel(score="rsa")
    *worse, last = [
        found["model"].values[row] for row in np.argsort(-found["mean"].values)[6:11]
    ]  # fmt: skip
    assert f"It is ahead of {', '.join(worse)} and {last} (0." in text
    assert "; p < 0.001)." in text
    assert "any of the" not in text


def test_controls_at_the_ceiling_mean_that_nothing_was_learnt(tmp_path):
    made = made_comparison(
        4, 6, quality=[0.55] * 4, ceiling=0.55, own_sd=0.01, own_stimulus_sd=0.01
    )
    text = of_score(made, tmp_path)
    assert "All controls are as good and at the ceiling as well (untrained 0." in text
    assert "everything that can be explained here is explained without learning" in text
    for quality in ([0.55, 0.5, 0.2, 0.2], [0.2] * 4, [0.55, 0.5, 0.2, 0.55]):
        made = made_comparison(4, 12, quality=quality, ceiling=0.55, own_sd=0.01,
                               own_stimulus_sd=0.01, stimulus_sd=0.02, noise_sd=0.02)  # fmt: skip
        assert "without learning" not in of_score(made, tmp_path)


@pytest.mark.parametrize("score", OF_INDICES)
def test_an_index_below_its_ceiling_is_no_share_of_a_brain(tmp_path, score):
    made = made_comparison(
        3, 12, scores=("rsa", score), quality=[0.3, 0.2, 0.1], own_sd=0.01, own_stimulus_sd=0.02
    )
    assert "the brains hold more" in of_score(made, tmp_path)
    text = of_score(made, tmp_path, score)
    assert "hold more" not in text
    assert "its index and the brains' differ by more than those of the brains' halves do" in text


def test_a_control_that_is_ahead_is_told(tmp_path):
    made = made_comparison(
        4, 12, quality=[0.2, 0.2, 0.1, 0.6], stimulus_sd=0.02, own_stimulus_sd=0.02, own_sd=0.01
    )
    text = of_score(made, tmp_path)
    assert "The control encoder (0.5" in text
    assert "does not say that what was learnt" in text


def test_a_model_is_not_said_to_be_ahead_of_one_that_beats_it(tmp_path):
    text = of_score(unlike_brains(), tmp_path)
    assert "largest mean of a model is that of gru-1" in text
    assert "It is ahead of" not in text
    assert "with it is behind lstm-1" in text


@pytest.mark.parametrize("n_brains", [1, 2, 6])
def test_no_ranking_where_the_ceiling_is_at_the_floor(tmp_path, n_brains):
    made = made_comparison(4, n_brains, ceiling=0.02, quality=[0.5, 0.3, 0.1, 0.1])
    text = " ".join(conclusions(ranking(made), cast_of(tmp_path)))
    assert "cannot rank models by rsa (ceiling " in text
    assert "shuffled labels" in text
    assert "gru-1" not in text


def test_no_ranking_where_the_ceiling_is_not_sure_or_not_there(tmp_path):
    made = made_comparison(3, 1, scores=("rsa",))
    made["ceiling_resampled"][:] = np.nan
    (text,) = conclusions(ranking(made), cast_of(tmp_path))
    assert re.search(r"cannot rank models by rsa .* with 1 brain and no resamples", text)
    made["ceiling"][:] = np.nan
    (text,) = conclusions(ranking(made), cast_of(tmp_path))
    assert text == "These recordings cannot rank models by rsa: there is no ceiling."
    made["value"][:] = np.nan
    (text,) = conclusions(ranking(made), cast_of(tmp_path))
    assert text == "Not available for these recordings: rsa."


def test_ranking_is_allowed_where_the_ceiling_stands_out():
    rows = ranking(made_comparison(3, 8))
    assert cannot_rank(rows.sel(score="rsa")) is None


def test_what_is_not_above_the_floor_is_told(tmp_path):
    made = made_comparison(4, 6, quality=[0.0, 0.0, 0.0, 0.0], own_sd=0.05)
    assert "does not say that it shares anything" in of_score(made, tmp_path)


def test_stand_ins_limit_scores_of_single_images(tmp_path):
    twin = {"brain": "monkey", "stand_ins": {"apple": "chair-0"}}
    made = made_comparison(3, 4, scores=("rsa", "tensor", "cka"))
    lines = conclusions(ranking(made), cast_of(tmp_path, twin=twin))
    assert "What is found by rsa and cka can" in lines[-1]
    assert len(conclusions(ranking(made), cast_of(tmp_path))) == 3
    assert set(OF_VALUES) <= set(CompareConfig().scores)


def test_bibtex_has_what_was_used_and_nothing_else():
    text = bibtex(["cka"], toolbox=False, crossed=False)
    keys = re.findall(r"@\w+\{(\w+),", text)
    assert set(keys) == {
        "lei2024", "kline2020", "holm1979", "kornblith2019", "song2012", "murphy2024", "wmsim"
    }  # fmt: skip
    more = bibtex(["rsa"], toolbox=True, crossed=True, recordings=["A", "A", "", "B {c\\ 50%"])
    keys = re.findall(r"@\w+\{(\w+),", more)
    assert len(keys) == len(set(keys))
    assert {"walther2016", "vandenbosch2025", "schuett2023", "recording1"} <= set(keys)
    assert r"B (c/ 50\%" in more
    assert "recording3" not in keys


def test_bibtex_is_whole():
    text = bibtex(list(OF_SCORES), toolbox=True, crossed=True, recordings=["x"])
    assert text.count("{") == text.count("}")
    entries = re.split(r"(?m)^@", text)[1:]
    assert len(entries) == len(ENTRIES) + 2
    for entry in entries:
        assert entry.rstrip().endswith("}")
        assert "title = {" in entry
    assert text.isascii()
