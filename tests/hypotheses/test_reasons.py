"""Reasons say what was found, which kind of undecided it is, and what would settle it."""

import numpy as np
import pytest

from wmsim.hypotheses.choice import Choice
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.effects import Effect
from wmsim.hypotheses.more_data import asked_about
from wmsim.hypotheses.reasons import ALIKE, DRIFT, NOTHING, UNLIKE_ALL, explain, why_undecided

LOW, HIGH = (0.1, 0.0, 0.2), (0.9, 0.8, 1.0)
# What each hypothesis predicts for same-item and same-age transfer.
PATTERN = {"H1": (HIGH, LOW), "H2": (LOW, HIGH), "H3": (LOW, LOW), "shared": (HIGH, HIGH)}
MORE = {"trials_x2": {"H1": 0.5, "H2": 0.6}, "units_x2": {"H1": 0.7, "H2": 0.8}}


def choice_of(distance=1.0, **probability):
    full = {name: probability.get(name, 0.0) for name in HYPOTHESES}
    return Choice({n: float(np.log(max(p, 1e-9))) for n, p in full.items()}, full, distance)


def predicted():
    wide = (0.5, 0.0, 1.0)
    found = {}
    for name in HYPOTHESES:
        item, age = PATTERN.get(name, (wide, wide))
        found[name] = {
            "same_item_in_memory": item, "same_age_memory": age, "swap_stimulus": age,
            "swap_time": item, "nothing_shared": LOW,
            "signal_encoding": (3.0, 2.0, 4.0), "signal_memory": (3.0, 2.0, 4.0),
        }  # fmt: skip
    return found


def effects(item=0.12, age=0.85):
    values = {"same_item_in_memory": item, "same_age_memory": age, "swap_stimulus": age,
              "swap_time": item, "nothing_shared": 0.1, "signal_encoding": 3.1,
              "signal_memory": 2.9}  # fmt: skip
    return {name: Effect(one, one - 0.05, one + 0.05) for name, one in values.items()}


def told(answer, choice, p_memory=0.01, found=None, more=None, right=0.3):
    sensitivity = {
        name: {"right": right, "wrong": 0.01, "undecided": 0.99 - right} for name in HYPOTHESES
    }
    return explain(
        answer, choice, found or effects(), {"encoding": 0.005, "memory": p_memory}, sensitivity,
        predicted(), more or {}, threshold=0.9,
    )  # fmt: skip


def test_verdict_has_its_numbers_and_what_speaks_against_the_next():
    lines = told("H2", choice_of(H2=0.97, H1=0.03))
    assert lines[0].startswith("H2: the code depends on the item's age alone. Probability 0.97")
    text = " ".join(lines)
    assert "p = 0.005" in text
    assert "p = 0.010" in text
    assert "0.12 [0.07, 0.17] (expected: H1 0.80 to 1.00, H2 0.00 to 0.20" in text
    against = next(line for line in lines if line.startswith("Next is H1"))
    assert "0.03" in against
    assert (
        "0.85, where it gives 0.00 to 0.20" in against
        or "0.12, where it gives 0.80 to 1.00" in against
    )
    assert "0.30 are judged so, 0.01 wrongly, and 0.69 stay undecided" in text
    assert "What would settle it" not in text


def test_runner_up_that_no_measure_rules_out_is_said_to_be_so():
    lines = told("H2", choice_of(H2=0.95, mixture=0.05))
    assert any("Next is mixture" in one and "No single measure" in one for one in lines)


@pytest.mark.parametrize(
    ("choice", "p", "kind", "words"),
    [
        (choice_of(H2=0.95), 0.4, NOTHING, "nothing held can be read (p = 0.400"),
        (choice_of(none=0.99), 0.01, NOTHING, "nothing held can be read"),
        (choice_of(2.7, H2=0.95), 0.01, UNLIKE_ALL, "2.7 times as far from the nearest (H2)"),
        (choice_of(drift=0.95), 0.01, DRIFT, "changes with time in the trial"),
        (choice_of(H2=0.6, H1=0.35), 0.01, ALIKE, "H2 (0.60) and H1 (0.35) cannot be told apart"),
    ],
)
def test_each_kind_of_undecided_is_told_apart(choice, p, kind, words):
    assert why_undecided("undecided", choice, {"memory": p}, 0.9) == kind
    lines = told("undecided", choice, p)
    assert lines[0].startswith("Undecided. The most probable is")
    assert words in lines[1]


def test_not_tested_is_not_the_same_as_nothing_held():
    choice = choice_of(H2=0.6, H1=0.4)
    assert why_undecided("undecided", choice, {"memory": float("nan")}, 0.9) == ALIKE
    assert "p = nan" not in " ".join(told("undecided", choice, float("nan")))


@pytest.mark.parametrize(("right", "words"), [(0.3, "too few"), (0.95, "lies between them")])
def test_too_weak_a_design_and_a_recording_in_between_are_told_apart(right, words):
    assert words in told("undecided", choice_of(H2=0.6, H1=0.4), right=right)[1]


def test_what_would_settle_it_is_told_where_data_would_help():
    lines = told("undecided", choice_of(H2=0.6, H1=0.4), more=MORE)
    assert lines[-1].endswith("with 2 x the trials H1 0.50, H2 0.60; with 2 x the units H1 0.70, "
                              "H2 0.80.")  # fmt: skip
    poor = {"trials_x2": {"H1": 0.0, "H2": 0.1}}
    assert "None of these would be enough" in told("undecided", choice_of(H2=0.6), more=poor)[-1]
    assert "would not settle it" in told("undecided", choice_of(3.0, H2=0.95))[-1]
    assert "gaps between items that vary" in told("undecided", choice_of(drift=0.95))[-1]


def test_what_is_most_unlike_is_named():
    found = effects() | {"same_age_memory": Effect(-0.4, -0.5, -0.3)}
    line = told("undecided", choice_of(3.0, H2=0.95), found=found)[1]
    assert "of the same age: -0.40, where H2 gives 0.80 to 1.00" in line


def test_a_mixture_says_of_what():
    lines = told("mixture", choice_of(mixture=0.99), found=effects(item=0.4, age=0.5))
    parts = next(line for line in lines if "goes with the item" in line)
    assert "0.10 is common" in parts
    assert "0.30 goes with the item" in parts
    assert "0.40 with the age" in parts
    assert "0.20 with neither alone" in parts


def test_intervals_that_are_not_there_are_not_printed():
    found = {name: Effect(one.value, np.nan, np.nan) for name, one in effects().items()}
    assert "nan" not in " ".join(told("H2", choice_of(H2=0.97, H1=0.03), found=found))


def test_probabilities_are_never_certainties():
    lines = told("H2", choice_of(H2=1.0))
    assert "Probability >0.99" in lines[0]
    assert any("with <0.01" in line for line in lines)


def test_at_least_two_accounts_are_asked_about_and_never_what_is_none():
    assert asked_about(choice_of(none=0.9, H2=0.06, H1=0.04)) == ("H2", "H1")
    assert asked_about(choice_of(H1=0.4, H2=0.3, H3=0.2, drift=0.1)) == ("H1", "H2", "H3")
