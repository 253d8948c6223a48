"""``wmsim twin`` as a user meets it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import wmsim.report.twin as report
from wmsim.recordings import open_recording, save, validate
from wmsim.twin import TwinConfig, as_recorded, run_twin

QUICK = (
    "training.iterations=2", "training.lesson_iterations=2", "training.batch=8",
    "training.evaluate_every=2", "network.units=16", "stimuli.train_views=1",
    "stimuli.novel_views=0", "stimuli.novel_identities=0", "stimuli.supersampling=1",
    "encoder.grid=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(brain, maintenance_brain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("brains")
    return [save(brain, folder / "order.nc"), save(maintenance_brain, folder / "cells.nc")]


@pytest.fixture(scope="module")
def done(files, tmp_path_factory):
    """One network, hardly trained, for both brains."""
    out = tmp_path_factory.mktemp("twins")
    config = TwinConfig(architectures=("gru",), settings=QUICK)
    return out, config, report.twin_files(files, out, config, device="cpu")


def test_everything_is_left_in_the_folder(done, brain, maintenance_brain):
    out, _, summary = done
    for stem, own in (("order", brain), ("cells", maintenance_brain)):
        assert set(summary["twin"]["files"][stem]) == {"gru-0", "gru-0-untrained", "encoder"}
        for model in summary["twin"]["files"][stem]:
            with open_recording(out / stem / f"{model}.nc") as seen:
                validate(seen)
                assert seen.sizes["unit"] == own.sizes["unit"]
                assert np.array_equal(seen["image"], own["image"])
            with open_recording(out / stem / "clean" / f"{model}.nc") as clean:
                validate(clean)
                assert clean.sizes["unit"] == 16
    assert (out / "subjects" / "gru-0" / "checkpoint.pt").is_file()
    kept = json.loads((out / "summary.json").read_text())
    assert kept["twin"]["brains"]["order"]["n_trials"] == 60
    page = (out / "report.html").read_text()
    assert "apple: airplane-0" in page
    assert "off by at most 0.097 s" in page
    assert "Onsets of items are not recorded" in page
    for ending, size in (("png", 20_000), ("pdf", 5_000)):
        assert (out / "figures" / f"twin.{ending}").stat().st_size > size
    accuracy = kept["twin"]["files"]["order"]["gru-0"]["accuracy"]
    assert f"{accuracy['2']['accuracy']:.3f} (2 items" in page or len(accuracy) == 2


def test_what_is_finished_is_not_done_again(done, files, monkeypatch):
    out, config, summary = done
    calls = []

    def counted(*args, **more):
        calls.append(more["name"])
        return run_twin(*args, **more)

    def quick(clean, design):
        return as_recorded(clean, replace(design, config=design.config.changed(noise=False)))

    monkeypatch.setattr(report, "run_twin", counted)
    monkeypatch.setattr(report, "as_recorded", quick)
    monkeypatch.setattr(report, "twin_figure", lambda *_: None)
    again = report.twin_files(files, out, config, device="cpu")
    assert not calls
    assert again["twin"] == summary["twin"]
    (out / "order" / "encoder.nc").unlink()
    (out / "cells" / "clean" / "gru-0.nc").write_bytes(b"cut off")
    report.twin_files(files, out, config, device="cpu")
    assert calls == ["encoder", "gru-0"]
    report.twin_files(files[:1], out, config.changed(latency=0.3), device="cpu")
    assert calls[2:] == ["gru-0", "gru-0-untrained", "encoder"]


def test_a_trained_subject_runs(done, files, tmp_path, run):
    out, _, _ = done
    status, told, wrong = run(
        "twin", files[0], "--out", tmp_path, "--subject", out / "subjects" / "gru-0",
        "--control", "encoder", "--no-noise", "--units", "all", "--device", "cpu",
    )  # fmt: skip
    assert status == 0, wrong
    assert "gru-0: share of probes answered rightly" in told
    assert sorted(file.name for file in (tmp_path / "order").glob("*.nc")) == [
        "encoder.nc", "gru-0.nc",
    ]  # fmt: skip
    with open_recording(tmp_path / "order" / "gru-0.nc") as seen:
        assert seen["activity"].attrs["units"] == "a.u."
        assert seen.sizes["unit"] == 16
    assert not (tmp_path / "subjects").exists()


def test_wrong_requests_end_with_one_message(done, files, tmp_path, run, brain):
    out, _, _ = done
    gru = out / "subjects" / "gru-0"
    twice = tmp_path / "other" / "order.nc"
    twice.parent.mkdir()
    shutil.copy(files[0], twice)
    model = out / "order" / "gru-0.nc"
    for words, message in (
        ((model,), "is a model's recording"),
        ((files[0], twice), "Two recordings are called 'order'"),
        ((files[0], "--step", 0.5), "longer than items"),
        ((files[0], "--step", 0.1, "--subject", gru), "has not learnt the task of order"),
        ((files[0], "--subject", gru, "--subject", gru), "is given twice"),
        ((files[0], "--architecture", "grue"), "Did you mean 'gru'"),
        ((files[0], "--control", "shuffled"), "Unknown control"),
        ((files[0], "--units", "some"), "units is 'some'"),
        ((tmp_path / "none.nc",), "No recording"),
        ((files[0], "--subject", tmp_path), "subject.json"),
    ):
        status, _, wrong = run("twin", *words, "--out", tmp_path / "out")
        assert status == 1, words
        assert message in wrong, wrong
        assert "Traceback" not in wrong


def test_a_real_session_has_its_twin(recordings_dir, subject_for, tmp_path, tiny_stimuli):
    """399e11sb: as many trials, items, conditions and units, and a valid recording."""
    from wmsim.recordings import import_recording
    from wmsim.recordings.labels import labels_of
    from wmsim.twin import twin_design, twin_subject

    file = next((recordings_dir / "kornblith2017").glob("399e11sb*.h5"))
    session = import_recording("kornblith2017", file)
    design = twin_design(session, name="399e11sb")
    assert [(task.load, task.probes, task.gaps) for task in design.tasks] == [
        (3, 2, (0, 1, 2, 3, 4))
    ]
    assert design.rounding < 0.101
    config = twin_subject([design], TwinConfig(), architecture="gru", seed=0)
    assert len(config.stimuli.categories) * config.stimuli.identities == 9
    from wmsim.stimuli import build_stimuli

    nine = build_stimuli(
        config.stimuli.changed(
            train_views=1, novel_views=0, novel_identities=0, object_size=48, supersampling=1
        )
    )
    clean = run_twin(_untrained(nine, config), design)
    seen = as_recorded(clean, design)
    validate(seen)
    for dim in ("trial", "item", "unit"):
        assert seen.sizes[dim] == session.sizes[dim]
    for own, theirs in zip(labels_of(seen, "image"), labels_of(session, "image"), strict=True):
        assert np.array_equal(own, theirs)
    assert np.array_equal(seen["brain_correct"], session["correct"])


def _untrained(stimuli, config):
    """A network of the subject's kind on random features, as it is before training."""
    from wmsim.encoders import Features
    from wmsim.training import Subject
    from wmsim.training.subject import new_network

    rng = np.random.default_rng(0)
    shape = (len(stimuli.images) * stimuli.n_locations, 6, 2, 2)
    maps = rng.standard_normal(shape, dtype=np.float32)
    features = Features(maps, stimuli.n_locations, key="nine", blank=np.zeros_like(maps[0]))
    network = new_network(config, features).eval()
    return Subject(config, network, stimuli, features, [], 0.0)
