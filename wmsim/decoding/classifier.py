"""Any classifier of scikit-learn as an estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wmsim.decoding.engine.problem import check_problems
from wmsim.decoding.estimator import Estimator, Fitted, Penalty
from wmsim.errors import ConfigError


class Classifier(Estimator):
    """A classifier of scikit-learn (or one made like them), cloned for each decoder.

    ``random_state`` (also of its parts) is set where it is None, so that a seed fixes the result;
    ``n_jobs`` is set to 1, because decoders are spread over processes already. Where classes are
    to weigh the same, trials are weighted, if the classifier takes ``sample_weight`` and was not
    given a ``class_weight`` of its own.

    Parameters
    ----------
    model : object
        The classifier, unfitted; it needs ``decision_function`` or ``predict_proba``.
    """

    defaults = (float("nan"),)

    def __init__(self, model: Any) -> None:
        from sklearn.base import clone
        from sklearn.utils.validation import has_fit_parameter

        self.model = clone(model)
        params = self.model.get_params(deep=True)
        self.linear = _is_linear(self.model, params)
        self.name = " ".join(repr(self.model).split())
        fixed = {key: 1 for key in params if _last(key) == "n_jobs" and params[key] is not None}
        self.model.set_params(**fixed)
        self.seeded = sorted(
            key for key, value in params.items() if _last(key) == "random_state" and value is None
        )
        own = params.get("class_weight") is not None
        self.weighs = has_fit_parameter(self.model, "sample_weight") and not own

    def check(self, penalties: Sequence[Penalty] | None) -> tuple[Penalty, ...]:
        """No penalties but its own."""
        if penalties is not None:
            raise ConfigError(
                f"Penalties {list(penalties)} were given with {self.name}, whose settings are its "
                f"own. Set them there, or wrap it in sklearn.model_selection.GridSearchCV."
            )
        return self.defaults

    def fit(
        self, patterns: np.ndarray, positive: np.ndarray, penalty: Penalty, *, balanced: bool,
        rng: np.random.Generator,
    ) -> Fitted:  # fmt: skip
        """See :meth:`Estimator.fit`."""
        signs = np.where(positive, 1, -1)
        check_problems(signs, np.ones(signs.shape), len(patterns))
        models = tuple(self._one(patterns, own, balanced, rng) for own in positive)
        none = np.full(len(positive), np.nan)
        if not self.linear:
            return Fitted(None, None, none, models)
        normals = np.stack([np.ravel(model.coef_) for model in models])
        offsets = np.array([np.ravel(model.intercept_)[0] for model in models])
        return Fitted(normals, offsets, none)

    def _one(
        self, patterns: np.ndarray, positive: np.ndarray, balanced: bool, rng: np.random.Generator
    ) -> Any:
        from sklearn.base import clone

        model = clone(self.model)
        model.set_params(**{key: int(rng.integers(2**31)) for key in self.seeded})
        if balanced and self.weighs:
            share = np.where(positive, positive.mean(), 1 - positive.mean())
            return model.fit(patterns, positive.astype(int), sample_weight=0.5 / share)
        return model.fit(patterns, positive.astype(int))


def _is_linear(model: Any, params: dict[str, Any]) -> bool:
    """Whether a fitted one has ``coef_`` and ``intercept_`` that are its decision function."""
    from sklearn.linear_model._base import LinearClassifierMixin
    from sklearn.svm import SVC, NuSVC

    kernel = isinstance(model, SVC | NuSVC) and params.get("kernel") == "linear"
    return isinstance(model, LinearClassifierMixin) or kernel


def _last(key: str) -> str:
    """The parameter's own name: ``svc__random_state`` is a ``random_state``."""
    return key.rpartition("__")[2]
