"""``wmsim train``: settings out of presets, files and options; several subjects."""

import json

import pytest


def settings(run, *words):
    status, said, wrong = run("train", "--print-config", *words)
    assert status == 0, wrong
    return json.loads(said)


def test_options_lie_over_the_preset(run):
    found = settings(run, "--architecture", "rnn", "--seed", 7, "--units", 64, "--train-views", 3)
    assert found["network"]["architecture"] == "rnn"
    assert found["network"]["units"] == 64
    assert found["training"]["learning_rate"] == 5e-4
    assert (found["seed"], found["stimuli"]["seed"]) == (7, 7)
    assert (found["stimuli"]["train_views"], found["stimuli"]["novel_views"]) == (3, 4)
    paper = settings(run, "--preset", "paper", "--paper-schedule", "--iterations", 5)
    assert paper["encoder"]["name"] == "resnet50"
    assert paper["training"]["schedule"] == "paper"
    assert paper["training"]["learning_rate"] == 3e-5
    assert paper["training"]["iterations"] == 5


def test_set_lies_over_everything(run):
    found = settings(
        run, "--learning-rate", 1e-3, "--set", "training.learning_rate=5e-4",
        "--set", "regime=4-back-location", "--compile", "--precision", "bf16",
    )  # fmt: skip
    assert found["training"]["learning_rate"] == 5e-4
    assert found["network"]["max_n"] == 4
    assert (found["training"]["compile"], found["training"]["precision"]) == (True, "bf16")


def test_saved_settings_are_read_back(run, tmp_path):
    file = tmp_path / "mine.json"
    words = ("--architecture", "lstm", "--seed", 4, "--regime", "STMF-2", "--units", 30)
    status, _, _ = run("train", "--save-config", file, *words)
    assert status == 0
    assert settings(run, "--config", file) == settings(run, *words)
    changed = settings(run, "--config", file, "--architecture", "gru", "--seed", 5)
    assert (changed["network"]["architecture"], changed["network"]["units"]) == ("gru", 30)
    assert (changed["seed"], changed["stimuli"]["seed"]) == (5, 5)
    assert changed["regime"] == "STMF-2"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--preset", "papr"), 1, "Did you mean 'paper'"),
        (("--set", "network.unit=3"), 1, "Did you mean 'network.units'"),
        (("--set", "network.units"), 1, "Write NAME=VALUE"),
        (("--config", "nowhere.json"), 1, "No file of settings 'nowhere.json'"),
        (("--how", "stackd"), 1, "Did you mean 'stacked'"),
        (("--precision", "tf32"), 1, "exists on CUDA GPUs only"),
        (("--precision", "fp8"), 1, "precision is 'fp8'"),
        (("--subjects", "0"), 2, "--subjects"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_wrong_is_said(run, tmp_path, words, status, message):
    out = ("--out", tmp_path / "x", "--device", "cpu", "--subjects", 2)
    found, _, said = run("train", *(out if "--subjects" not in words else out[:2]), *words)
    assert found == status
    assert message in said
    assert "Traceback" not in said


def test_without_a_folder_nothing_is_trained(run):
    status, _, said = run("train")
    assert status == 2
    assert "--out" in said


@pytest.mark.slow
def test_two_subjects_and_one_report(run, tmp_path):
    words = (
        "train", "--out", tmp_path, "--subjects", 2, "--seed", 5, "--regime", "1-back-location",
        "--units", 6, "--iterations", 2, "--grid", 1, "--train-views", 1, "--novel-views", 1,
        "--category", "car", "--category", "mug", "--device", "cpu", "--how", "one by one",
    )  # fmt: skip
    status, said, wrong = run(*words)
    assert status == 0, wrong
    assert "subject 6, novel angle: accuracy" in said
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [one["folder"] for one in summary["subjects"]] == ["subject-5", "subject-6"]
    over = summary["over_subjects"]["accuracy"]["train"]
    values = [one["accuracy"]["train"] for one in summary["subjects"]]
    assert over["value"] == pytest.approx(sum(values) / 2)
    assert over["low"] <= min(values) <= max(values) <= over["high"]
    page = (tmp_path / "report.html").read_text()
    assert "mean of 2 subjects" in page
    assert page.count("data:image/png;base64,") == 3
    assert run(*words)[:2] == (0, said)
