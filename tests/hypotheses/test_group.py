"""Subjects are combined as the random-effects model says: by enumeration, or in closed form."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma, expit, gammaln, logsumexp, softmax
from scipy.stats import beta

from wmsim.errors import WmsimError
from wmsim.hypotheses import group
from wmsim.hypotheses.group import combine_subjects, exceedance

EVIDENCES = arrays(
    float,
    st.tuples(st.integers(1, 12), st.integers(2, 7)),
    elements=st.one_of(st.floats(-8, 8), st.sampled_from([0.0, -np.inf, -2000.0])),
).filter(lambda drawn: np.isfinite(drawn).any(axis=1).all())


def combined(evidence):
    evidence = np.asarray(evidence, dtype=float)
    return combine_subjects(evidence, [f"H{k + 1}" for k in range(evidence.shape[1])])


def log_beta(alpha):
    return gammaln(alpha).sum(axis=-1) - gammaln(alpha.sum(axis=-1))


def enumerated(evidence):
    """Exact posterior: Dirichlets (assignment, hypothesis), their weights, gain over equality."""
    parts = {(0,) * evidence.shape[1]: 0.0}
    for own in evidence:
        longer = {}
        for counts, log_weight in parts.items():
            for k, one in enumerate(own):
                up = (*counts[:k], counts[k] + 1, *counts[k + 1 :])
                longer.setdefault(up, []).append(log_weight + one)
        parts = {counts: logsumexp(terms) for counts, terms in longer.items()}
    alpha = np.array(list(parts)) + 1.0
    log_weight = np.array(list(parts.values())) + log_beta(alpha) - log_beta(np.ones_like(alpha))
    total = logsumexp(log_weight)
    equal = (logsumexp(evidence, axis=1) - np.log(evidence.shape[1])).sum()
    return alpha, np.exp(log_weight - total), total - equal


def variational(evidence):
    """Stephan et al.'s own approximation: counts, and the free energy at each step."""
    probability, bounds = softmax(evidence, axis=1), []
    for _ in range(500):
        alpha = 1 + probability.sum(axis=0)
        entropy = -(probability * np.log(np.maximum(probability, 1e-300))).sum()
        bounds.append((probability * evidence).sum() + entropy + log_beta(alpha)
                      - log_beta(np.ones_like(alpha)))  # fmt: skip
        before, probability = probability, softmax(evidence + digamma(alpha), axis=1)
        if np.abs(probability - before).max() < 1e-9:
            break
    return alpha, np.array(bounds)


def planted(rng, n_subjects, n_names, strength):
    """Frequencies drawn from the prior, a hypothesis for each subject, its log evidences."""
    frequency = rng.dirichlet(np.ones(n_names))
    truth = rng.choice(n_names, n_subjects, p=frequency)
    seen = rng.standard_normal((n_subjects, n_names)) + strength * np.eye(n_names)[truth]
    return frequency, truth, strength * seen


# The posterior


@settings(max_examples=40)
@given(EVIDENCES)
def test_all_are_probabilities_and_intervals_hold_the_mean(evidence):
    found = combined(evidence)
    for one in (found.frequency, found.exceedance, found.protected, *found.subject_probability):
        assert (one >= 0).all()
        assert one.sum() == pytest.approx(1)
    assert 0 <= found.omnibus_risk <= 1
    assert (found.alpha > 0).all()
    assert ((found.low < found.frequency) & (found.frequency < found.high)).all()


@settings(max_examples=30)
@given(EVIDENCES, st.randoms(use_true_random=False))
def test_order_and_constants_of_subjects_do_not_matter(evidence, random):
    rows = random.sample(range(len(evidence)), len(evidence))
    columns = random.sample(range(evidence.shape[1]), evidence.shape[1])
    shift = np.linspace(-500, 500, len(evidence))[:, None]
    one, other = combined(evidence), combined((evidence + shift)[rows][:, columns])
    # Adding 500 takes the last digits of an evidence, no more.
    for name in ("alpha", "low", "high", "exceedance", "protected"):
        np.testing.assert_allclose(getattr(one, name)[columns], getattr(other, name), atol=1e-6)
    np.testing.assert_allclose(
        one.subject_probability[rows][:, columns], other.subject_probability, atol=1e-6
    )
    assert one.omnibus_risk == pytest.approx(other.omnibus_risk, abs=1e-6)


@pytest.mark.parametrize(
    ("n_subjects", "n_names", "mean_bound", "sd_bound", "gain_bound"),
    [(1, 2, 1e-9, 1e-9, 1e-9), (10, 2, 0.005, 0.03, 0.02), (30, 2, 0.005, 0.03, 0.02),
     (6, 4, 0.02, 0.25, 0.1)],
)  # fmt: skip
@pytest.mark.parametrize("strength", [0.5, 1.5, 4.0])
def test_posterior_is_the_enumerated_one(
    n_subjects, n_names, mean_bound, sd_bound, gain_bound, strength
):
    rng = np.random.default_rng(11)
    for _ in range(3):
        evidence = planted(rng, n_subjects, n_names, strength)[2]
        parts, weight, gain = enumerated(evidence)
        total = n_names + n_subjects
        mean = weight @ parts / total
        sd = np.sqrt(weight @ (parts * (parts + 1)) / (total * (total + 1)) - mean**2)
        found = combined(evidence)
        np.testing.assert_allclose(found.frequency, mean, atol=mean_bound)
        own = np.sqrt(mean * (1 - mean) / (found.alpha.sum() + 1))
        np.testing.assert_allclose(own / sd, 1, atol=sd_bound)
        if n_names == 2:
            chance = weight @ beta.sf(0.5, parts[:, 0], parts[:, 1])
            assert found.exceedance[0] == pytest.approx(chance, abs=0.01)
        bayes_factor = np.log(1 / found.omnibus_risk - 1)
        assert bayes_factor == pytest.approx(gain, abs=gain_bound)


def test_the_variational_bound_rises_and_stays_below():
    # The published approximation, and how ours compares with what it bounds.
    rng = np.random.default_rng(4)
    for strength in (0.5, 2.0, 12.0):
        evidence = planted(rng, 8, 3, strength)[2]
        alpha, bounds = variational(evidence)
        assert (np.diff(bounds) > -1e-9).all()
        equal = (logsumexp(evidence, axis=1) - np.log(3)).sum()
        gain = enumerated(evidence)[2]
        found = combined(evidence)
        ours = np.log(1 / found.omnibus_risk - 1)
        assert bounds[-1] - equal <= gain + 1e-9
        assert abs(ours - gain) <= abs(bounds[-1] - equal - gain) + 1e-9
    # Without doubt about any subject, the two are one.
    np.testing.assert_allclose(found.alpha, alpha, atol=1e-3)


def test_intervals_cover_where_the_variational_ones_do_not():
    rng = np.random.default_rng(8)
    covered = np.zeros(2)
    n_groups = 100
    for _ in range(n_groups):
        frequency, _, evidence = planted(rng, 12, 2, 0.5)
        found, alpha = combined(evidence), variational(evidence)[0]
        low, high = beta.ppf([[0.025], [0.975]], alpha, alpha[::-1])
        covered += [
            found.low[0] <= frequency[0] <= found.high[0],
            low[0] <= frequency[0] <= high[0],
        ]
    # Four standard errors about .95 at 100 groups.
    assert covered[0] / n_groups > 0.95 - 4 * np.sqrt(0.95 * 0.05 / n_groups)
    assert covered[1] / n_groups < 0.8


def test_probabilities_of_subjects_are_calibrated():
    rng = np.random.default_rng(21)
    stated, right = [], []
    for _ in range(80):
        _, truth, evidence = planted(rng, 8, 4, 1.0)
        found = combined(evidence).subject_probability
        stated.append(found.max(axis=1))
        right.append(found.argmax(axis=1) == truth)
    stated, right = np.concatenate(stated), np.concatenate(right)
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 1)):
        some = (low <= stated) & (stated <= high)
        # Subjects of a group share its frequencies, so the error is larger than a coin's.
        error = 4 * np.sqrt(0.25 * 2 / some.sum())
        assert right[some].mean() == pytest.approx(stated[some].mean(), abs=error)


# What a group says


def test_no_evidence_leaves_the_prior():
    found = combined(np.zeros((40, 4)))
    np.testing.assert_allclose(found.alpha, 1)
    np.testing.assert_allclose(found.protected, 0.25)
    np.testing.assert_allclose(found.low, beta.ppf(0.025, 1, 3))
    assert found.omnibus_risk == pytest.approx(0.5)


def test_one_subject_is_its_own_posterior():
    evidence = np.array([[2.0, 0.0, -np.inf, 0.5]])
    found = combined(evidence)
    np.testing.assert_allclose(found.subject_probability, softmax(evidence, axis=1))
    np.testing.assert_allclose(found.frequency, (1 + softmax(evidence[0])) / 5)
    # One subject cannot tell whether others are like it.
    assert found.omnibus_risk == pytest.approx(0.5)
    assert combined([[0.0, -1e6]]).protected[0] == pytest.approx(0.625)


@pytest.mark.parametrize("n_names", [2, 3, 7])
def test_ten_of_ten_are_a_choice(n_names):
    evidence = np.zeros((10, n_names))
    evidence[:, 1] = 10
    found = combined(evidence)
    assert found.protected[1] > 0.95
    assert found.frequency.argmax() == 1
    assert found.low[1] > 1 / n_names
    np.testing.assert_allclose(found.alpha.sum(), n_names + 10, rtol=0.01)


def test_halves_are_no_choice():
    evidence = np.zeros((10, 2))
    evidence[:5, 0] = evidence[5:, 1] = 50
    found = combined(evidence)
    np.testing.assert_allclose(found.protected, 0.5, atol=1e-9)
    assert found.omnibus_risk > 0.5
    np.testing.assert_allclose(found.alpha, 6)


def test_an_outlier_does_not_decide_for_the_group():
    evidence = np.zeros((10, 3))
    evidence[:9, 0] = 3
    evidence[9, 2] = 1e6
    found = combined(evidence)
    assert evidence.sum(axis=0).argmax() == 2
    assert found.protected[0] > 0.9
    assert found.subject_probability[9, 2] == pytest.approx(1)
    # More of the same changes nothing: a subject is at most one subject.
    evidence[9, 2] = 1e9
    np.testing.assert_allclose(combined(evidence).alpha, found.alpha)


def test_an_unclear_subject_borrows_from_the_others():
    evidence = np.zeros((10, 2))
    evidence[:9, 0] = 20
    found = combined(evidence)
    # Counts of the prior and of the nine: odds of 10 to 1.
    assert found.subject_probability[9, 0] == pytest.approx(10 / 11, abs=1e-3)


# Exceedance


@settings(max_examples=40)
@given(st.floats(0.2, 3000), st.floats(0.2, 3000))
def test_exceedance_of_two_is_a_beta_distribution(one, other):
    found = exceedance(np.array([one, other]))
    np.testing.assert_allclose(found, beta.sf(0.5, [one, other], [other, one]), atol=1e-7)


@pytest.mark.parametrize("alpha", [[3.0, 1.0, 2.5], [1, 1, 1, 9, 8.5], [0.3, 0.5, 120.0, 118.0]])
def test_exceedance_is_what_draws_say(alpha):
    draws = np.random.default_rng(2).dirichlet(alpha, 100_000).argmax(axis=1)
    share = np.bincount(draws, minlength=len(alpha)) / 100_000
    np.testing.assert_allclose(exceedance(np.array(alpha)), share, atol=4 * 0.5 / np.sqrt(1e5))


def test_protection_is_by_the_omnibus_risk():
    found = combined([[1.0, 0.0, 0.0], [2.0, 0.0, 1.0]])
    mixed = (1 - found.omnibus_risk) * found.exceedance + found.omnibus_risk / 3
    np.testing.assert_allclose(found.protected, mixed)
    assert found.omnibus_risk == pytest.approx(
        expit(-enumerated(np.array([[1.0, 0, 0], [2, 0, 1]]))[2]), abs=0.01
    )


# At the border


def test_numbers_go_to_json_by_name():
    found = combine_subjects(np.array([[0.0, 1.0], [2.0, -np.inf]]), ["slot", "age"])
    told = json.loads(json.dumps(found.as_dict()))
    assert told["protected"]["age"] == found.protected[1]
    assert told["subject_probability"][1] == {"slot": 1.0, "age": 0.0}


@pytest.mark.parametrize(
    ("evidence", "names", "match"),
    [
        ([[0.0, 1.0]], ["H1", "H1"], "two or more different names"),
        ([[0.0]], ["H1"], "two or more different names"),
        ([0.0, 1.0], ["H1", "H2"], r"shape \(2,\); expected \(subject, hypothesis\)"),
        ([[0.0, 1.0, 2.0]], ["H1", "H2"], r"shape \(1, 3\).*2 hypotheses: H1, H2"),
        (np.zeros((0, 2)), ["H1", "H2"], "one subject or more"),
        (
            [[0.0, 1.0], [0.0, np.nan]],
            ["H1", "H2"],
            r"subject 1 are \[0.0, nan\]; expected numbers",
        ),
        ([[np.inf, 1.0]], ["H1", "H2"], r"subject 0 are \[inf, 1.0\]"),
        ([[0.0, 1.0], [-np.inf, -np.inf]], ["H1", "H2"], "subject 1 .* but not everywhere"),
    ],
)
def test_wrong_evidences_are_refused(evidence, names, match):
    with pytest.raises(WmsimError, match=match):
        combine_subjects(np.array(evidence), names)


def test_what_does_not_settle_is_said(monkeypatch):
    monkeypatch.setattr(group, "SWEEPS", 1)
    with pytest.raises(WmsimError, match="did not settle in 1 sweeps over 2 subjects"):
        combined([[1.0, 0.0], [0.0, 1.0]])
