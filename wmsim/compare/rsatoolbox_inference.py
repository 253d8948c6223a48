"""Model comparison by rsatoolbox, where its assumptions hold.

rsatoolbox resamples stimuli and subjects of RDMs that all have the same conditions [1]_. Brains
with stimuli of their own do not fit in; for them, and for all other scores, wmsim's own inference
is there (:mod:`wmsim.compare.inference`).

References
----------
.. [1] Schuett, Kipnis, Diedrichsen & Kriegeskorte (2023), Statistical inference on
   representational geometries, eLife 12, e82566, :doi:`10.7554/eLife.82566`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rsatoolbox.inference import Result
    from rsatoolbox.rdm import RDMs

FEWEST_VALUES = 4


def bootstrap_inference(
    models: Mapping[str, Sequence[RDMs]], brains: Sequence[RDMs], *, resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Compare models by rsatoolbox, over subjects and stimuli.

    Parameters
    ----------
    models : mapping of str to sequence of RDMs
        For each model, an RDM of each brain's counterpart (or fewer), see
        :func:`wmsim.compare.rsa.rsatoolbox_rdms`; a model predicts their mean, each first divided
        by its root mean square.
    brains : sequence of RDMs
        One RDM each, of one step.
    resamples : int
        Bootstrap samples.
    seed : int
        Fixes them.

    Returns
    -------
    dict
        ``applies`` (bool) and, where it does not, ``why``. Otherwise ``method``,
        ``evaluations`` (model: mean correlation with the brains), ``bootstrap_means`` (of them
        over resamples, which rsatoolbox tests), ``sem`` (by model), ``noise_ceiling``
        ([lower, upper], None for a single brain), ``p_above_zero`` (by model), ``p_pairwise``
        (model: other: p, uncorrected), ``dof``, ``resamples``, ``note``. Plain numbers, as JSON
        has them.

    Examples
    --------
    >>> from rsatoolbox.rdm import RDMs
    >>> rdm = RDMs(np.arange(3.0)[None], pattern_descriptors={"item": [1] * 3, "value": [*"abc"]})
    >>> bootstrap_inference({"gru": [rdm]}, [rdm])["why"]
    'rsatoolbox resamples stimuli, and there are 3; at least 4 are needed.'
    """
    why = _why_not(models, brains)
    if why:
        return {"applies": False, "why": why}
    from rsatoolbox.inference import eval_bootstrap_pattern, eval_dual_bootstrap, eval_fixed
    from rsatoolbox.model import ModelFixed
    from rsatoolbox.rdm import RDMs, concat

    described = {name: list(brains[0].pattern_descriptors[name]) for name in ("item", "value")}
    fixed = [
        ModelFixed(name, RDMs(_mean(rdms), pattern_descriptors=dict(described)))
        for name, rdms in models.items()
    ]
    data = concat([_plain(brain, described) for brain in brains])
    several = len(brains) > 1
    evaluate = eval_dual_bootstrap if several else eval_bootstrap_pattern
    own = {} if several else {"boot_noise_ceil": False}
    with _seeded(seed), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        # Resamples with few stimuli have no correlation; rsatoolbox counts them as missing.
        warnings.simplefilter("ignore", RuntimeWarning)
        drawn = evaluate(fixed, data, method="corr", N=resamples, pattern_descriptor="value", **own)
        plain = eval_fixed(fixed, data, method="corr")
        result = _about_values(drawn, len(brains), len(set(described["value"])))
        means = np.asarray(plain.get_means())
        return _told(list(models), result, means, plain.noise_ceiling, several)


def _why_not(models: Mapping[str, Sequence[RDMs]], brains: Sequence[RDMs]) -> str:
    """Why rsatoolbox's inference does not apply; empty if it does."""
    if not brains or not models or not all(models.values()):
        return "There is no RDM of a brain or of a model."
    every = [*brains, *(rdm for rdms in models.values() for rdm in rdms)]
    if any(rdm.n_rdm != 1 for rdm in every):
        return "There is more than one RDM of a brain or a model; give those of one step."
    conditions = [
        list(zip(rdm.pattern_descriptors["item"], rdm.pattern_descriptors["value"], strict=True))
        for rdm in every
    ]
    if any(own != conditions[0] for own in conditions):
        return (
            "Brains (or models) have stimuli or items of their own; rsatoolbox resamples stimuli "
            "that all RDMs share."
        )
    if any(not np.isfinite(rdm.get_vectors()).all() for rdm in every):
        return "Some distances are missing: a pair of conditions has too few trials."
    if any(np.ptp(rdm.get_vectors()) == 0 for rdm in every):
        return "All distances of an RDM are the same, so that nothing correlates with it."
    n_values = len({value for _, value in conditions[0]})
    if n_values < FEWEST_VALUES:
        return (
            f"rsatoolbox resamples stimuli, and there are {n_values}; at least {FEWEST_VALUES} "
            "are needed."
        )
    return ""


def _mean(rdms: Sequence[RDMs]) -> np.ndarray:
    vectors = np.concatenate([rdm.get_vectors() for rdm in rdms])
    size = np.sqrt((vectors**2).mean(axis=1, keepdims=True))
    return np.asarray((vectors / size).mean(axis=0, keepdims=True))


def _plain(rdm: RDMs, described: dict[str, list[Any]]) -> RDMs:
    """The RDM without names of its own, which rsatoolbox would not put together."""
    from rsatoolbox.rdm import RDMs

    return RDMs(rdm.get_vectors(), pattern_descriptors=dict(described))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """NumPy's global random state, seeded for a while and then as it was.

    rsatoolbox draws from the global state and takes no generator; without this, results would
    depend on whatever ran before, and what runs after on them.
    """
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _about_values(drawn: Result, n_brains: int, n_values: int) -> Result:
    """The result with as many independent stimuli as there are values.

    rsatoolbox resamples values, with all their items, but counts every condition as a stimulus
    in degrees of freedom and in the correction for small samples.
    """
    from rsatoolbox.inference import Result

    several = n_brains > 1
    return Result(
        drawn.models, drawn.evaluations, drawn.method, drawn.cv_method, drawn.noise_ceiling,
        variances=np.atleast_2d(drawn.variances),
        dof=(min(n_brains, n_values) if several else n_values) - 1,
        n_rdm=n_brains if several else None, n_pattern=n_values,
    )  # fmt: skip


def _told(
    names: list[str], result: Result, means: np.ndarray, ceiling: np.ndarray, several: bool
) -> dict[str, Any]:
    p_zero = np.asarray(result.test_zero())
    pairs = result.test_pairwise() if len(names) > 1 else np.ones((1, 1))
    note = (
        "Over subjects and stimuli." if several
        else "Over stimuli alone: it holds for this brain, and not for others."
    )  # fmt: skip
    return {
        "applies": True,
        "method": "eval_dual_bootstrap" if several else "eval_bootstrap_pattern",
        "evaluations": _by_name(names, means),
        "bootstrap_means": _by_name(names, result.get_means()),
        "sem": _by_name(names, result.get_sem()),
        "noise_ceiling": [float(bound) for bound in ceiling] if several else None,
        "p_above_zero": _by_name(names, p_zero),
        "p_pairwise": {
            name: {other: float(pairs[i, j]) for j, other in enumerate(names) if j != i}
            for i, name in enumerate(names)
        },
        "dof": int(result.dof),
        "resamples": int(result.n_bootstraps),
        "note": note,
    }


def _by_name(names: list[str], values: Any) -> dict[str, float]:
    return {name: float(one) for name, one in zip(names, values, strict=True)}
