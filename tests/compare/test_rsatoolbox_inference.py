"""rsatoolbox's model comparison: what goes in, what comes out, and where it does not apply."""

import json
import sys

import numpy as np
import pytest
from rsatoolbox.inference import eval_fixed
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs

from wmsim.compare.rsa import distances
from wmsim.compare.rsatoolbox_inference import bootstrap_inference

VALUES = [f"image {n}" for n in range(8)]


def make_rdms(geometry, n, noise, rng, values=VALUES):
    """Noisy RDMs of 2 items with the same stimuli."""
    k = len(values)
    upper = np.triu_indices(2 * k, 1)
    names = {"item": [1] * k + [2] * k, "value": [*values, *values]}
    vectors = [geometry[upper] + noise * rng.standard_normal(upper[0].size) for _ in range(n)]
    return [RDMs(one[None], pattern_descriptors=dict(names)) for one in vectors]


def geometry(rng, k=8):
    codes = rng.standard_normal((2 * k, 3))
    return distances(codes @ codes.T)


@pytest.fixture
def planted(rng):
    true, false = geometry(rng), geometry(rng)
    models = {
        "true": make_rdms(true, 4, 0.5, rng),
        "false": make_rdms(false, 4, 0.5, rng),
        "true too": make_rdms(true, 4, 0.5, rng),
    }
    return models, make_rdms(true, 5, 2.0, rng)


def test_planted_geometry_wins(planted):
    found = bootstrap_inference(*planted, resamples=40, seed=1)
    assert found["method"] == "eval_dual_bootstrap"
    assert found["evaluations"]["true"] > found["evaluations"]["false"] + 0.4
    assert found["p_pairwise"]["true"]["false"] < 0.05
    assert found["p_pairwise"]["true"]["true too"] > 0.05
    assert found["p_pairwise"]["false"]["true"] == found["p_pairwise"]["true"]["false"]
    assert found["p_above_zero"]["true"] < 0.01
    low, high = found["noise_ceiling"]
    assert low < high
    assert found["evaluations"]["true"] <= high + 1e-9
    assert all(value > 0 for value in found["sem"].values())
    assert json.loads(json.dumps(found)) == found


def test_evaluations_are_rsatoolbox_s_and_models_predict_the_mean_of_scaled_rdms(planted):
    models, brains = planted
    # An RDM in other units does not outvote the others.
    loud = RDMs(
        1000 * models["true"][0].get_vectors(),
        pattern_descriptors=models["true"][0].pattern_descriptors,
    )
    models = {"true": [loud, *models["true"][1:]]}
    found = bootstrap_inference(models, brains, resamples=5)
    vectors = np.concatenate([one.get_vectors() for one in models["true"]])
    vectors /= np.sqrt((vectors**2).mean(axis=1, keepdims=True))
    data = RDMs(np.concatenate([one.get_vectors() for one in brains]))
    theirs = eval_fixed([ModelFixed("true", vectors.mean(axis=0))], data, method="corr")
    assert found["evaluations"]["true"] == pytest.approx(theirs.get_means()[0])
    assert found["noise_ceiling"] == pytest.approx(list(theirs.noise_ceiling))


def test_stimuli_are_values_and_not_conditions(planted):
    """16 conditions of 8 stimuli: 7 degrees of freedom for stimuli, 4 for 5 brains."""
    models, brains = planted
    assert bootstrap_inference(models, brains, resamples=5)["dof"] == 4
    single = bootstrap_inference(models, brains[:1], resamples=40)
    assert single["dof"] == 7
    assert single["method"] == "eval_bootstrap_pattern"
    assert single["noise_ceiling"] is None
    assert "for this brain, and not for others" in single["note"]
    assert single["p_pairwise"]["true"]["false"] < 0.05


@pytest.mark.parametrize("n_brains", [1, 3])
def test_one_model_alone_is_compared_with_zero(planted, n_brains):
    models, brains = planted
    found = bootstrap_inference({"true": models["true"]}, brains[:n_brains], resamples=20)
    assert found["p_pairwise"] == {"true": {}}
    assert found["p_above_zero"]["true"] < 0.05


def test_seeds_fix_results_and_nothing_outside_is_touched(planted, capfd):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    stream = sys.stderr
    runs = [bootstrap_inference(*planted, resamples=10, seed=seed) for seed in (3, 3, 4)]
    assert runs[0] == runs[1]
    assert runs[0]["sem"] != runs[2]["sem"]
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert sys.stderr is stream
    assert capfd.readouterr() == ("", "")


def test_the_global_state_is_put_back_also_after_a_failure(planted, monkeypatch):
    before = np.random.get_state()[1].copy()  # noqa: NPY002

    def fail(*_, **__):
        np.random.rand()  # noqa: NPY002
        raise RuntimeError("broken")

    monkeypatch.setattr("rsatoolbox.inference.eval_dual_bootstrap", fail)
    with pytest.raises(RuntimeError, match="broken"):
        bootstrap_inference(*planted, resamples=10)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def broken(case, models, brains, rng):
    """What is wrong, and a word of why."""
    if case == "own stimuli":
        other = make_rdms(geometry(rng), 1, 0, rng, values=[f"own {n}" for n in range(8)])
        return models, [*brains, *other], "stimuli or items of their own"
    if case == "several steps":
        two = RDMs(
            np.repeat(brains[0].get_vectors(), 2, axis=0),
            pattern_descriptors=brains[0].pattern_descriptors,
        )
        return models, [two], "more than one RDM"
    if case == "missing":
        holed = brains[0].get_vectors().copy()
        holed[0, 3] = np.nan
        own = RDMs(holed, pattern_descriptors=brains[0].pattern_descriptors)
        return models, [own], "Some distances are missing"
    if case == "flat":
        own = RDMs(np.ones((1, 120)), pattern_descriptors=brains[0].pattern_descriptors)
        return {"flat": [own]}, brains, "the same"
    if case == "few stimuli":
        few = make_rdms(geometry(rng, 3), 2, 0.1, rng, values=VALUES[:3])
        return {"few": few}, few, "there are 3; at least 4"
    return models, [], "no RDM"


@pytest.mark.parametrize(
    "case", ["own stimuli", "several steps", "missing", "flat", "few stimuli", "none"]
)
def test_says_why_where_it_does_not_apply(planted, rng, case):
    models, brains, why = broken(case, *planted, rng)
    found = bootstrap_inference(models, brains)
    assert found["applies"] is False
    assert why in found["why"]
    assert set(found) == {"applies", "why"}
