"""Estimators by name, or around a classifier of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from wmsim.decoding.classifier import Classifier
from wmsim.decoding.engine import svc_path
from wmsim.decoding.estimator import Estimator, Fitted, Penalty
from wmsim.decoding.lda import AUTO, lda_path
from wmsim.decoding.ridge import ridge_path
from wmsim.decoding.svc import fit_svc
from wmsim.errors import ConfigError, choose


class Svc(Estimator):
    """Linear support vector classifiers; the penalty is C."""

    name = "svc"
    defaults = (0.01,)

    def fit(
        self, patterns: np.ndarray, positive: np.ndarray, penalty: Penalty, *, balanced: bool,
        rng: np.random.Generator,
    ) -> Fitted:  # fmt: skip
        """See :meth:`Estimator.fit`."""
        amount = float(penalty)
        found = fit_svc(patterns, positive, penalty=amount, balanced=balanced)
        return Fitted(found.normals, found.offsets, np.full(len(positive), amount))

    def path(
        self, patterns: np.ndarray, positive: np.ndarray, train: np.ndarray,
        penalties: Sequence[Penalty], *, balanced: bool, rng: np.random.Generator,
    ) -> list[list[Fitted]]:  # fmt: skip
        """See :meth:`Estimator.path`."""
        amounts = [float(penalty) for penalty in penalties]
        found = svc_path(patterns, positive, train, amounts, balanced=balanced)
        return _grid(found.normals, found.offsets, np.array(amounts)[:, None])


class Ridge(Estimator):
    """Least-squares classifiers; the penalty is alpha for each training trial.

    A squared length of w costs ``penalty * trials``: what it does then depends on how units vary,
    not on how many trials there are. 1 adds as much variance to every axis as a scaled unit has.
    """

    name = "ridge"
    defaults = (1.0,)

    def fit(
        self, patterns: np.ndarray, positive: np.ndarray, penalty: Penalty, *, balanced: bool,
        rng: np.random.Generator,
    ) -> Fitted:  # fmt: skip
        """See :meth:`Estimator.fit`."""
        everything = np.ones((1, len(patterns)), dtype=bool)
        found = self.path(patterns, positive, everything, (penalty,), balanced=balanced, rng=rng)
        return found[0][0]

    def path(
        self, patterns: np.ndarray, positive: np.ndarray, train: np.ndarray,
        penalties: Sequence[Penalty], *, balanced: bool, rng: np.random.Generator,
    ) -> list[list[Fitted]]:  # fmt: skip
        """See :meth:`Estimator.path`."""
        amounts = np.array([float(penalty) for penalty in penalties])
        found = []
        for fold in train:
            alphas = (amounts * np.count_nonzero(fold)).tolist()
            one = ridge_path(patterns, positive, fold[None], alphas, balanced=balanced)
            found += _grid(one.normals, one.offsets, amounts[:, None])
        return found


class Lda(Estimator):
    """Linear discriminants; the penalty is the shrinkage of the covariance, 0 to 1 or "auto"."""

    name = "lda"
    defaults = (AUTO,)
    _accepted = "shrinkages from 0 to 1 or 'auto'"

    def _usable(self, penalty: Penalty) -> bool:
        return penalty == AUTO or (isinstance(penalty, int | float) and 0 <= penalty <= 1)

    def fit(
        self, patterns: np.ndarray, positive: np.ndarray, penalty: Penalty, *, balanced: bool,
        rng: np.random.Generator,
    ) -> Fitted:  # fmt: skip
        """See :meth:`Estimator.fit`."""
        everything = np.ones((1, len(patterns)), dtype=bool)
        found = self.path(patterns, positive, everything, (penalty,), balanced=balanced, rng=rng)
        return found[0][0]

    def path(
        self, patterns: np.ndarray, positive: np.ndarray, train: np.ndarray,
        penalties: Sequence[Penalty], *, balanced: bool, rng: np.random.Generator,
    ) -> list[list[Fitted]]:  # fmt: skip
        """See :meth:`Estimator.path`."""
        found = lda_path(patterns, positive, train, penalties, balanced=balanced)
        return _grid(found.normals, found.offsets, found.amounts)


def make_estimator(estimator: Any) -> Estimator:
    """An estimator by its name, or around a classifier of scikit-learn.

    Parameters
    ----------
    estimator : {"svc", "ridge", "lda"} or object
        A name; or a classifier with ``fit``, and ``decision_function`` or ``predict_proba``.

    Returns
    -------
    Estimator

    Raises
    ------
    ConfigError
        If the name is unknown, or the object gives no decision values.

    Examples
    --------
    >>> make_estimator("ridge").defaults
    (1.0,)
    >>> from sklearn.linear_model import LogisticRegression
    >>> make_estimator(LogisticRegression(C=0.1)).linear
    True
    """
    if isinstance(estimator, Estimator):
        return estimator
    if isinstance(estimator, str):
        return NAMED[choose(estimator, NAMED, "estimator")]()
    expected = (
        f"expected {', '.join(repr(name) for name in NAMED)}, or a classifier of scikit-learn with "
        f"decision_function or predict_proba."
    )
    if inspect.isclass(estimator):
        raise ConfigError(
            f"The estimator is the class {estimator.__name__}, {expected} Give an object: "
            f"{estimator.__name__}()."
        )
    whole = all(hasattr(estimator, name) for name in ("fit", "get_params", "set_params"))
    if not whole or not _classifies(estimator):
        raise ConfigError(f"The estimator is {estimator!r}, which is no classifier; {expected}")
    if not any(hasattr(estimator, name) for name in ("decision_function", "predict_proba")):
        raise ConfigError(f"The estimator {estimator!r} gives no decision values; {expected}")
    return Classifier(estimator)


NAMED: dict[str, type[Estimator]] = {"svc": Svc, "ridge": Ridge, "lda": Lda}


def describe_estimator(estimator: Any) -> str:
    """A name; of a classifier what it looks like, and a digest of all of its settings."""
    if isinstance(estimator, str):
        return estimator
    from joblib import hash as digest

    found = make_estimator(estimator)
    return f"{found.name} [{digest(getattr(found, 'model', found.name))[:8]}]"


def _grid(normals: np.ndarray, offsets: np.ndarray, penalty: np.ndarray) -> list[list[Fitted]]:
    """Decoders of each fold and penalty; arrays of shape (fold, penalty, problem, ...)."""
    applied = np.broadcast_to(penalty, offsets.shape)
    return [
        [Fitted(*one) for one in zip(*of_fold, strict=True)]
        for of_fold in zip(normals, offsets, applied, strict=True)
    ]


def _classifies(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))
