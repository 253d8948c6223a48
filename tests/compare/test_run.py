"""Many models, many brains: one labelled result, and answers that are known."""

import json

import numpy as np
import pytest
import xarray as xr

from wmsim.compare import run
from wmsim.compare.config import CompareConfig
from wmsim.compare.run import Model, compare, shares_stimuli
from wmsim.compare.store import read_scored
from wmsim.errors import WmsimError
from wmsim.hypotheses import plant

QUICK = CompareConfig(scores=("rsa", "tensor", "cka"), halvings=1, shuffles=2, bootstrap=100)


def network(seed, **changes):
    """A network that differs from others in its codes alone."""
    settings = {
        "n_units": 80, "n_trials": 160, "n_items": 2, "n_values": 6, "dimension": 3,
        "signal": 12.0,
    }  # fmt: skip
    made = plant(hypothesis="H2", seed=seed, **(settings | changes))
    made.attrs["source"] = "model"
    return made


def copied(recording, *, seed, units=60, noise=1.0):
    """A noisy, rotated, subsampled copy."""
    rng = np.random.default_rng(seed)
    activity = recording["activity"].transpose("time", "trial", "unit").values.astype(float)
    turn = np.linalg.qr(rng.standard_normal((activity.shape[2],) * 2))[0][:, :units]
    turned = activity @ turn
    turned += noise * turned.std() * rng.standard_normal(turned.shape)
    brain = recording.isel(unit=np.arange(units)).copy()
    brain["activity"] = (("time", "unit", "trial"), turned.transpose(0, 2, 1).astype(np.float32))
    brain["activity"].attrs = recording["activity"].attrs
    brain.attrs["source"] = "planted"
    return brain


@pytest.fixture(scope="module")
def networks():
    return {f"network {seed}": network(seed) for seed in range(5)}


@pytest.fixture(scope="module")
def found(networks):
    brains = {"a": copied(networks["network 3"], seed=1), "b": copied(network(3), seed=2)}
    return compare(networks, brains, QUICK, n_jobs=1)


def test_the_copys_own_network_comes_first_and_reaches_the_ceiling(found):
    whole = found.sel(step="all")
    for brain in ("a", "b"):
        for score in ("rsa", "cka"):
            values = whole["value"].sel(brain=brain, score=score)
            assert values["model"].values[int(values.values.argmax())] == "network 3"
            ceiling = whole["ceiling"].sel(brain=brain, score=score)
            assert float(values.max()) > float(ceiling) - 0.05
            assert float(ceiling) > 0.8


def test_shuffled_labels_score_at_the_floor(found):
    floor = found["floor"].sel(step="all", score=["rsa", "cka"])
    own = found["value"].sel(step="all", score=["rsa", "cka"], model="network 3")
    assert float(abs(floor.mean())) < 0.12
    assert float(floor.max()) < float(own.min())


def test_all_is_the_mean_over_steps(found):
    steps = [step for step in found["step"].values if step != "all"]
    assert steps == ["item 1", "item 2"]
    mean = found["value"].sel(step=steps, score="rsa").mean("step")
    np.testing.assert_allclose(found["value"].sel(step="all", score="rsa"), mean, rtol=1e-5)
    assert found["value"].sel(score="tensor", step=steps).isnull().all()


def test_sizes_and_settings_are_told(found):
    assert found["n_units"].values.tolist() == [60, 60]
    assert found["n_trials"].values.tolist() == [160, 160]
    assert json.loads(found.attrs["config"])["halvings"] == 1
    assert found.sizes["resample"] == 100


def test_results_do_not_depend_on_processes(networks, found):
    brains = {"a": copied(networks["network 3"], seed=1), "b": copied(network(3), seed=2)}
    again = compare(networks, brains, QUICK, n_jobs=2)
    xr.testing.assert_identical(again, found)


def test_a_model_is_added_without_doing_the_rest_again(networks, tmp_path, monkeypatch):
    brains = {"a": copied(networks["network 0"], seed=1)}
    two = {name: networks[name] for name in ("network 0", "network 1")}
    first = compare(two, brains, QUICK, work=tmp_path, n_jobs=1)
    done, plain = [], run.make_pairs
    monkeypatch.setattr(
        run, "make_pairs", lambda *a, names, **k: (done.append(names), plain(*a, names=names))[1]
    )
    more = two | {"network 2": networks["network 2"]}
    second = compare(more, brains, QUICK, work=tmp_path, n_jobs=1)
    assert done == [("network 2", "a")]
    xr.testing.assert_equal(second["value"].isel(model=[0, 1]), first["value"])
    assert compare(more, brains, QUICK, work=tmp_path, n_jobs=1).identical(second)
    assert len(done) == 1


def test_other_settings_or_contents_are_done_again(networks, tmp_path):
    brains = {"a": copied(networks["network 0"], seed=1)}
    one = {"network 0": networks["network 0"]}
    first = compare(one, brains, QUICK, work=tmp_path, n_jobs=1)
    other = compare(one, brains, QUICK.changed(seed=1), work=tmp_path, n_jobs=1)
    assert not other["value"].equals(first["value"])
    changed = {"a": copied(networks["network 0"], seed=5)}
    third = compare(one, changed, QUICK, work=tmp_path, n_jobs=1)
    assert not third["value"].equals(first["value"])


def test_damaged_pieces_are_done_again(networks, tmp_path):
    brains = {"a": copied(networks["network 0"], seed=1)}
    one = {"network 0": networks["network 0"]}
    first = compare(one, brains, QUICK, work=tmp_path, n_jobs=1)
    for file in tmp_path.glob("*.npz"):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        assert read_scored(file) is None
    assert compare(one, brains, QUICK, work=tmp_path, n_jobs=1).identical(first)


def test_pairs_that_do_not_fit_are_left_out_and_named(networks):
    brains = {"a": copied(networks["network 0"], seed=1)}
    models = {"fits": networks["network 0"], "longer": network(0, n_items=3)}
    found = compare(models, brains, QUICK, n_jobs=1)
    assert found["value"].sel(model="longer").isnull().all()
    assert any("longer has 3 items" in note for note in json.loads(found.attrs["notes"]))


def test_nothing_that_fits_is_an_error_that_names_the_model(networks):
    brains = {"a": copied(networks["network 0"], seed=1)}
    with pytest.raises(WmsimError, match="longer has 3 items a trial, a 2"):
        compare({"longer": network(0, n_items=3)}, brains, QUICK, n_jobs=1)


def test_a_model_may_have_a_recording_for_each_brain(networks):
    brains = {"a": copied(networks["network 0"], seed=1), "b": copied(network(1), seed=2)}
    own = Model("both", {"a": networks["network 0"], "b": networks["network 1"]}, family="gru")
    one = Model("one", {"a": networks["network 0"]}, control="untrained")
    found = compare([own, one], brains, QUICK, n_jobs=1)
    values = found["value"].sel(step="all", score="rsa")
    assert np.isfinite(values.sel(model="both")).all()
    assert np.isnan(values.sel(model="one", brain="b"))
    assert found["control"].values.tolist() == ["", "untrained"]
    with pytest.raises(WmsimError, match="Two models are called 'one'"):
        compare([one, one], brains, QUICK, n_jobs=1)


def test_whether_stimuli_are_shared(networks):
    brains = {"a": networks["network 0"], "b": networks["network 1"]}
    assert not shares_stimuli(brains, QUICK)  # 0, 1, 2, ...: numbers say nothing
    named = {}
    for name, brain in brains.items():
        named[name] = brain.copy()
        named[name]["image"] = brain["image"].copy()
        named[name]["image"].attrs["labels"] = json.dumps(
            ["boat", "car", "lamp", "mug", "sofa", "table"]
        )
    assert shares_stimuli(named, QUICK)
    assert not shares_stimuli(named, QUICK.changed(shared_stimuli=False))
    other = named["b"].copy()
    other["image"] = named["b"]["image"].copy()
    other["image"].attrs["labels"] = json.dumps(["boat", "car", "lamp", "mug", "sofa", "chair"])
    assert not shares_stimuli({"a": named["a"], "b": other}, QUICK)


def test_the_ceiling_does_not_hang_on_the_first_model(networks):
    brains = {"a": copied(networks["network 0"], seed=1)}
    longer = network(0, n_items=3)
    found = compare({"bad": longer, "good": networks["network 0"]}, brains, QUICK, n_jobs=1)
    assert np.isfinite(found["ceiling"].sel(step="all", brain="a")).all()


def test_fewer_steps_are_not_ranked_against_more(networks):
    brains = {"a": copied(networks["network 0"], seed=1)}
    short = networks["network 0"].isel(time=[0])
    found = compare({"short": short, "full": networks["network 1"]}, brains, QUICK, n_jobs=1)
    assert np.isfinite(found["ceiling"].sel(score="rsa")).all()
    values = found["value"].sel(score="rsa", brain="a")
    assert np.isnan(values.sel(model="short", step="all"))
    assert np.isfinite(values.sel(model="short", step="item 1"))
    assert np.isfinite(values.sel(model="full")).all()
    notes = json.loads(found.attrs["notes"])
    assert any("short has no step item 2" in note for note in notes)
    assert any("short and a share fewer steps" in note for note in notes)


def test_verdicts_agree_on_what_both_were_judged_on():
    features = {"features": ("image", "place"), "n_values": 4, "dimension": None, "n_trials": 120}
    both = {name: network(seed, **features) for seed, name in enumerate(("model", "brain"))}
    both["brain"].attrs["source"] = "planted"
    one = both["model"].drop_vars("place")
    config = QUICK.changed(scores=("verdict",), bootstrap=0, shuffles=0)
    found = compare({"one": one, "two": both["model"]}, {"a": both["brain"]}, config, n_jobs=1)
    assert np.isnan(found["value"].sel(model="one", step="all")).all()  # fewer features
    assert 0 <= float(found["value"].sel(model="two", step="all").squeeze()) <= 1
    assert len(json.loads(found.attrs["verdicts"])["models"]["one"]["a"]) == 1


def test_resamples_are_the_same_stimuli_whatever_a_model_lacks(networks):
    from wmsim.compare.pairing import make_pairs
    from wmsim.compare.scoring import weights_of

    brain = copied(networks["network 0"], seed=1)
    lacking = networks["network 0"]
    keep = (lacking["image"].values != 2).all(axis=1)
    (whole,) = make_pairs(networks["network 0"], brain, QUICK)
    (part,) = make_pairs(lacking.isel(trial=np.flatnonzero(keep)), brain, QUICK)
    assert len(part.brain.values) == 5
    weights = [weights_of(pair, QUICK, "a", shared=False) for pair in (whole, part)]
    common = [whole.brain.values.index(value) for value in part.brain.values]
    np.testing.assert_array_equal(weights[0][:, common], weights[1])
    assert (weights[0].sum(axis=1) == 6).all()


def test_what_counts_changes_the_key(networks):
    from wmsim.compare.store import source_key

    noisy = networks["network 0"].copy()
    noisy.attrs["noise"] = "{}"
    assert source_key(noisy) != source_key(networks["network 0"])
    assert source_key(networks["network 0"].copy()) == source_key(networks["network 0"])
