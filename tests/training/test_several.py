"""Several subjects, whichever way they are trained."""

import json

import pytest

from wmsim.config import overlay
from wmsim.encoders import encode
from wmsim.errors import ConfigError, WmsimError
from wmsim.training import finish_subjects, load_subject, seeded, train_subjects
from wmsim.training.subject import from_anywhere


@pytest.fixture(scope="module", autouse=True)
def features_in_the_cache(tiny_stimuli, tiny_config):
    """Computed once; processes read them."""
    return encode(tiny_stimuli, tiny_config.encoder)


@pytest.fixture
def quick(tiny_config):
    training = tiny_config.training.changed(iterations=4, evaluate_every=2)
    return tiny_config.changed(training=training.model_dump())


def curves(subjects):
    return [[entry["loss"] for entry in subject.history] for subject in subjects]


def test_every_way_gives_the_same_subjects(quick, tmp_path):
    found = {}
    for how in ("one by one", "stacked", "processes"):
        configs, folders = seeded(quick, 2, tmp_path / how)
        subjects = train_subjects(configs, folders, device="cpu", how=how, n_jobs=2)
        assert [subject.config.seed for subject in subjects] == [3, 4]
        assert subjects[0].features is subjects[1].features
        assert load_subject(folders[1], device="cpu").config == configs[1]
        found[how] = curves(subjects)
    assert found["one by one"][0] != found["one by one"][1]
    for losses in found.values():
        for one, other in zip(losses, found["one by one"], strict=True):
            assert one == pytest.approx(other, abs=1e-4)


def test_what_is_finished_is_not_trained_again(quick, tmp_path, monkeypatch):
    configs, folders = seeded(quick, 2, tmp_path)
    first = train_subjects(configs, folders, device="cpu", how="one by one")

    def never(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr("wmsim.training.several._train", never)
    monkeypatch.setattr("wmsim.training.several._work", never)
    for how in ("one by one", "stacked", "processes"):
        again = train_subjects(configs, folders, device="cpu", how=how)
        assert curves(again) == curves(first)


def test_what_is_finished_costs_nothing(quick, tmp_path, monkeypatch):
    configs, folders = seeded(quick, 2, tmp_path)
    finish_subjects(configs, folders, device="cpu", how="one by one")

    def never(*args, **kwargs):
        raise AssertionError("made again")

    for name in ("build_stimuli", "perceive", "load_subject"):
        monkeypatch.setattr(f"wmsim.training.several.{name}", never)
    finish_subjects(configs, folders, device="cpu")
    with pytest.raises(WmsimError, match="other settings"):
        finish_subjects([configs[1], configs[0]], folders, device="cpu")


def test_a_folder_named_from_here_is_found_from_anywhere(quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = overlay(quick, {
        "stimuli": {"source": "meshes", "background": {"source": "photographs"}},
        "encoder": {"weights": "weights.pt"},
    })  # fmt: skip
    kept = from_anywhere(config)
    assert kept.stimuli.source == str(tmp_path / "meshes")
    assert kept.stimuli.background.source == str(tmp_path / "photographs")
    assert kept.encoder.weights == str(tmp_path / "weights.pt")
    assert from_anywhere(kept) == kept
    assert from_anywhere(quick) == quick
    with pytest.raises(WmsimError, match="meshes"):
        finish_subjects([config], ["subject"], device="cpu")
    written = json.loads((tmp_path / "subject" / "subject.json").read_text())
    assert written["stimuli"]["source"] == str(tmp_path / "meshes")


def test_subjects_of_several_kinds_stack_with_their_like(quick, tmp_path):
    other = quick.changed(network={"architecture": "transformer", "units": 16})
    configs = [quick, other, quick.changed(seed=9)]
    folders = [tmp_path / name for name in "abc"]
    with pytest.raises(ConfigError, match=r"'.*b' cannot be trained as one computation"):
        train_subjects(configs, folders, device="cpu", how="stacked")
    from wmsim.training import several

    seen = several._Seen("cpu")
    jobs = [
        several.Job(config, folder, *seen.by(config))
        for config, folder in zip(configs, folders, strict=True)
    ]
    assert [[job.folder.name for job in stack] for stack in several._stacks(jobs)] == [
        ["a", "c"], ["b"],
    ]  # fmt: skip


def test_what_is_wrong_in_a_process_comes_out_with_the_subjects_name(quick, tmp_path):
    configs, folders = seeded(quick, 2, tmp_path)
    train_subjects(configs[1:], folders[1:], device="cpu", how="one by one")
    (folders[0]).mkdir()
    (folders[0] / "subject.json").write_text("{")
    with pytest.raises(WmsimError, match="is damaged"):
        train_subjects(configs, folders, device="cpu", how="processes")
    (folders[0] / "subject.json").unlink()
    long = {**configs[0].model_dump(), "regime": "4-back-location"}
    with pytest.raises(WmsimError, match=r"Subject '.*subject-3': .*4-back-location"):
        train_subjects([type(quick)(**long)], folders[:1], device="cpu", how="processes")


def test_requests_that_make_no_sense(quick, tmp_path):
    with pytest.raises(ConfigError, match=r"Unknown way to train 'stackd'. Did you mean 'stacked'"):
        train_subjects([quick], [tmp_path], how="stackd")
    with pytest.raises(ConfigError, match="2 subjects need as many folders, each another"):
        train_subjects([quick, quick], [tmp_path, tmp_path])
    tf32 = quick.changed(training=quick.training.changed(precision="tf32").model_dump())
    with pytest.raises(ConfigError, match="'tf32' exists on CUDA GPUs only"):
        train_subjects([tf32], [tmp_path / "x"], device="cpu")
    assert not (tmp_path / "x").exists()


def test_seeds_and_folders(quick, tmp_path):
    configs, folders = seeded(quick, 3, tmp_path)
    assert [config.seed for config in configs] == [3, 4, 5]
    assert {config.stimuli.seed for config in configs} == {quick.stimuli.seed}
    assert [folder.name for folder in folders] == ["subject-3", "subject-4", "subject-5"]
    assert seeded(quick, 1, tmp_path) == ([quick], [tmp_path])
