"""Every estimator against one decoder at a time, and what is no estimator."""

from itertools import chain

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.decoding.test_cross import planted
from wmsim.decoding import Problem, cross_decode, standardise
from wmsim.decoding.classifier import Classifier
from wmsim.decoding.estimators import describe_estimator, make_estimator
from wmsim.errors import ConfigError, WmsimError


def sklearn_reference(name, patterns, positive, penalty):
    """What scikit-learn fits, with the offset that `balanced` asks for."""
    signs = np.where(positive, 1, -1)
    if name == "svc":
        n_rare = min(positive.sum(), (~positive).sum())
        weight = {1: n_rare / positive.sum(), -1: n_rare / (~positive).sum()}
        one = SVC(kernel="linear", C=penalty, class_weight=weight, tol=1e-8, random_state=0)
        one.fit(patterns, signs)
        return one.coef_[0], one.intercept_[0]
    if name == "ridge":
        one = RidgeClassifier(alpha=penalty * len(patterns), tol=1e-10).fit(patterns, signs)
        normal = one.coef_.ravel()
    else:
        # Shrinkage in the units' own scale: whitened by hand, because scikit-learn scales first.
        within = np.cov(
            np.concatenate([patterns[own] - patterns[own].mean(axis=0)
                            for own in (positive, ~positive)]).T, bias=True,
        )  # fmt: skip
        diagonal = np.trace(within) / len(within) * np.eye(len(within))
        shrunk = (1 - penalty) * within + penalty * diagonal
        difference = patterns[positive].mean(axis=0) - patterns[~positive].mean(axis=0)
        normal = np.linalg.solve(shrunk, difference)
    middle = (patterns[positive].mean(axis=0) + patterns[~positive].mean(axis=0)) / 2
    return normal, -normal @ middle


@pytest.mark.parametrize(("name", "penalty"), [("svc", 0.01), ("ridge", 1.0), ("lda", 0.3)])
def test_decisions_are_those_of_one_decoder_at_a_time(name, penalty):
    problem = planted(0)
    found = cross_decode(
        problem, n_folds=4, estimator=name, penalties=(penalty,), rng=np.random.default_rng(1)
    )
    for fold in range(4):
        train = found.fold != fold
        scaled = standardise(problem.activity, train)
        for row, (item, step) in enumerate(problem.states):
            for value in range(4):
                positive = problem.labels[item, train] == value
                normal, offset = sklearn_reference(name, scaled[step, train], positive, penalty)
                expected = scaled[:, ~train] @ normal + offset
                scale = np.abs(expected).max()
                np.testing.assert_allclose(
                    found.decisions[row][:, ~train, value], expected, atol=2e-4 * scale
                )
    np.testing.assert_allclose(found.penalty, penalty)


@pytest.mark.parametrize("name", ["svc", "ridge", "lda"])
def test_all_folds_and_penalties_at_once_are_the_same_as_one_by_one(name):
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((60, 15))
    positive = np.arange(60) % 3 == np.arange(3)[:, None]
    train = rng.random((4, 60)) < 0.7
    one = make_estimator(name)
    penalties = (0.05, 0.5)
    path = one.path(patterns, positive, train, penalties, balanced=True, rng=rng)
    generic = super(type(one), one).path(
        patterns, positive, train, penalties, balanced=True, rng=rng
    )
    for a, b in zip(chain(*path), chain(*generic), strict=True):
        np.testing.assert_allclose(a.decide(patterns), b.decide(patterns), atol=2e-4)
        np.testing.assert_allclose(a.penalty, b.penalty)


@pytest.mark.parametrize("name", ["ridge", "lda"])
def test_of_several_penalties_one_is_chosen_in_training_trials(name):
    """A fluctuation that all units share has to be suppressed, which shrinking forgoes."""
    problem = planted(2, n_trials=160)
    rng = np.random.default_rng(1)
    shared = 4 * rng.standard_normal((3, 160, 1)) * rng.choice([-1.0, 1.0], 20)
    noisy = Problem(problem.activity + shared, problem.labels, 4, problem.states)
    worst = {"ridge": 1e4, "lda": 1.0}[name]
    found = cross_decode(
        noisy, n_folds=3, estimator=name, penalties=(worst, 0.05), rng=np.random.default_rng(0)
    )
    assert (found.penalty == 0.05).all()


def test_the_shrinkage_that_a_formula_gave_is_told():
    found = cross_decode(planted(0), n_folds=3, estimator="lda", rng=np.random.default_rng(0))
    assert found.penalty.shape == (3, 5, 4)
    assert ((found.penalty > 0) & (found.penalty < 1)).all()


def test_a_linear_classifier_is_a_hyperplane():
    problem = planted(1)
    model = LogisticRegression(C=0.1)
    found = cross_decode(problem, n_folds=3, estimator=model, rng=np.random.default_rng(0))
    assert found.normals.shape == (3, 5, 4, 20)
    train = found.fold != 0
    scaled = standardise(problem.activity, train)
    positive = problem.labels[0, train] == 2
    weight = np.where(positive, 0.5 / positive.mean(), 0.5 / (1 - positive.mean()))
    one = LogisticRegression(C=0.1).fit(scaled[1, train], positive, sample_weight=weight)
    np.testing.assert_allclose(found.normals[0, 1, 2], one.coef_[0], atol=1e-6)
    np.testing.assert_allclose(
        found.decisions[1, 2, ~train, 2], one.decision_function(scaled[2, ~train]), atol=1e-5
    )
    assert not hasattr(model, "coef_")  # only clones are fitted
    assert np.isnan(found.penalty).all()


@pytest.mark.parametrize(
    ("model", "above"),
    [
        (RandomForestClassifier(8, max_depth=3, n_jobs=2), 0.6),
        (KNeighborsClassifier(5), 0.55),
        (make_pipeline(StandardScaler(), SVC(kernel="rbf", class_weight="balanced")), 0.7),
    ],
)
def test_classifiers_that_are_no_hyperplanes_decode_and_have_no_normals(model, above):
    problem = planted(1, signal=3.0)
    first, again = (
        cross_decode(problem, n_folds=3, estimator=model, rng=np.random.default_rng(0))
        for _ in range(2)
    )
    assert first.normals is None
    assert first.offsets is None
    np.testing.assert_array_equal(first.decisions, again.decisions)
    yes = first.decisions[0, 0] > 0
    own = problem.labels[0][:, None] == np.arange(4)
    assert (yes[own].mean() + 1 - yes[~own].mean()) / 2 > above


def test_probabilities_say_yes_above_one_half():
    problem = planted(1)
    found = cross_decode(
        problem, n_folds=3, estimator=KNeighborsClassifier(5), rng=np.random.default_rng(0)
    )
    assert set(np.unique(found.decisions.round(3))) <= set(
        np.array([-0.5, -0.3, -0.1, 0.1, 0.3, 0.5], dtype=np.float32)
    )


def test_the_seed_fixes_what_classifiers_draw():
    problem = planted(1)
    draws = [
        cross_decode(
            problem, n_folds=3, estimator=SGDClassifier(max_iter=5, tol=None),
            rng=np.random.default_rng(seed),
        ).decisions
        for seed in (0, 0, 1)
    ]  # fmt: skip
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_which_classifiers_are_weighted_and_linear():
    facts = {
        LogisticRegression(): (True, True),
        LogisticRegression(class_weight="balanced"): (True, False),
        KNeighborsClassifier(): (False, False),
        LinearDiscriminantAnalysis(): (True, False),
        SVC(kernel="linear"): (True, True),
        SVC(kernel="rbf"): (False, True),
    }
    for model, (linear, weighs) in facts.items():
        one = Classifier(model)
        assert (one.linear, one.weighs) == (linear, weighs), model


def test_what_is_no_estimator_is_refused():
    from sklearn.linear_model import LinearRegression

    class Mute(KNeighborsClassifier):
        predict_proba = property()

    for wrong, message in (
        ("svm", "Unknown estimator 'svm'. Did you mean 'svc'"),
        (LogisticRegression, r"Give an object: LogisticRegression\(\)"),
        (LinearRegression(), "which is no classifier; expected 'svc', 'ridge', 'lda'"),
        (3, "The estimator is 3, which is no classifier"),
        (Mute(), "gives no decision values"),
    ):
        with pytest.raises(ConfigError, match=message):
            cross_decode(planted(0), estimator=wrong, rng=np.random.default_rng(0))
    for name, wrong in (("svc", 0.0), ("ridge", -1), ("lda", 1.5), ("svc", "auto"), ("lda", "no")):
        with pytest.raises(ConfigError, match=f"Penalties of estimator '{name}' are"):
            make_estimator(name).check((wrong,))
    with pytest.raises(ConfigError, match=r"whose settings are its own.*GridSearchCV"):
        make_estimator(LogisticRegression()).check((0.1,))


def test_one_class_only_is_said_before_scikit_learn_does():
    one = make_estimator(LogisticRegression())
    with pytest.raises(WmsimError, match="Decoder 0 has 10 trials of its value among 10"):
        one.fit(
            np.eye(10), np.ones((1, 10), bool), np.nan, balanced=True, rng=np.random.default_rng(0)
        )


def test_a_description_tells_settings_apart():
    assert describe_estimator("ridge") == "ridge"
    a, b, c = (
        describe_estimator(LogisticRegression(class_weight={0: w}, C=0.1)) for w in (1.0, 1.0, 2.0)
    )
    assert a == b != c
    assert "C=0.1" in a
