"""``wmsim demo``: a network trained on the spot and a brain's recording through the same code."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.config import Config
from wmsim.encoders import encode
from wmsim.errors import WmsimError
from wmsim.files import output_folder, write_json
from wmsim.hypotheses import plant
from wmsim.pipeline import Analysis, AnalysisConfig
from wmsim.recordings import import_recording, open_recording, save
from wmsim.report.analyze import overview_figures
from wmsim.report.page import write_page
from wmsim.report.recording import analyze_recording, headline
from wmsim.report.subject import describe_subject, subject_figures
from wmsim.report.summary import new_summary, timed
from wmsim.rsa import compare_rdms, rank_rdm
from wmsim.stimuli import build_stimuli
from wmsim.training import Subject, SubjectConfig, preset, train_subject

DATASET = "kornblith2017"


class DemoConfig(Config):
    """What the demo does; small enough for two cores and a few minutes.

    Attributes
    ----------
    subject : SubjectConfig
        The network.
    trials_per_task : int
        Trials of each task in the network's recording.
    session : str
        Session of kornblith2017.
    model_analysis, brain_analysis : AnalysisConfig
        How each recording is analysed. They differ in folds and permutations only, because the
        network has nine tasks to get through.
    """

    subject: SubjectConfig = preset("demo")
    trials_per_task: int = 200
    session: str = "399e11sb"
    model_analysis: AnalysisConfig = AnalysisConfig(
        folds=5, permutations=8, permutations_unasked=1, bootstrap=300
    )
    brain_analysis: AnalysisConfig = AnalysisConfig(folds=10, permutations=30, bootstrap=300)


def run_demo(
    out: str | os.PathLike[str],
    config: DemoConfig | None = None,
    *,
    device: str = "cpu",
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Run the demo; a run that was stopped goes on when it is started again.

    Parameters
    ----------
    out : path-like
        Folder for everything that is written.
    config : DemoConfig, optional
        What to do.
    device : str
        Where to train.
    n_jobs : int, optional
        Processes of the analysis.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If the folder cannot be written to or holds another subject.
    """
    config = config or DemoConfig()
    folder = output_folder(out)
    summary = new_summary("wmsim demo", subjects=[], recordings={})
    start = time.perf_counter()
    subject = _subject(config, folder, device, summary)
    with timed(summary, "recording"):
        model_file = _record(subject, config, folder)
    brain, brain_name, said = _brain(config)
    name = f"{config.subject.network.architecture}-{config.subject.regime}"
    analyses: dict[str, Analysis] = {}
    figures = subject_figures(subject, summary["subjects"][0]["accuracy"], folder)
    with open_recording(model_file) as model, timed(summary, f"analysis_{name}"):
        analyses[name], found = analyze_recording(
            model, name, folder, config.model_analysis, n_jobs=n_jobs
        )
    figures += [{**figure, "recording": name} for figure in found]
    with timed(summary, f"analysis_{brain_name}"):
        save(brain, folder / "recordings" / f"{brain_name}.nc")
        analyses[brain_name], found = analyze_recording(
            brain, brain_name, folder, config.brain_analysis, n_jobs=n_jobs
        )
    figures += [{**figure, "recording": brain_name} for figure in found]
    for key, analysis in analyses.items():
        summary["recordings"][key] = analysis.summary
    summary["recordings"][name]["description"] = (
        "Hidden states of the network on view angles that it was not trained on."
    )
    summary["recordings"][brain_name]["description"] = said
    summary["comparison"] = _compare(analyses, name, brain_name)
    summary["seconds"]["total"] = round(time.perf_counter() - start, 2)
    _write(folder, summary, figures, str(brain.attrs.get("reference", "")))
    return summary


def _subject(config: DemoConfig, folder: Path, device: str, summary: dict[str, Any]) -> Subject:
    with timed(summary, "stimuli"):
        stimuli = build_stimuli(config.subject.stimuli)
    with timed(summary, "features"):
        features = encode(stimuli, config.subject.encoder, device=device)
    with timed(summary, "training"):
        subject = train_subject(
            config.subject, folder / "subject", device=device, stimuli=stimuli, features=features
        )
    summary["subjects"].append(describe_subject(subject))
    return subject


def _record(subject: Subject, config: DemoConfig, folder: Path) -> Path:
    from wmsim.recordings.subject import record

    path = folder / "recordings" / f"{config.subject.network.architecture}.nc"
    recording = record(subject, trials_per_task=config.trials_per_task, split="novel_angle")
    return save(recording, path)


def _brain(config: DemoConfig) -> tuple[xr.Dataset, str, str]:
    """A session of kornblith2017; where there is none, a planted recording, and a word on it."""
    from wmsim.recordings.registry import fetch

    try:
        file = fetch(DATASET, config.session)[0]
    except WmsimError as error:
        said = (
            "NOT A BRAIN: a planted recording (simulated Poisson spikes with a chronological code) "
            f"stands in, because session {config.session} of {DATASET} is not at hand. {error}"
        )
        planted = plant(
            n_units=60, n_trials=240, n_items=3, n_values=6, maintenance=1, repeats=False,
            spiking="log-linear", signal=5.0, seed=config.subject.seed,
        )  # fmt: skip
        return planted, "planted", said
    said = (
        f"Session {config.session} of {DATASET}: single and multi units of the human medial "
        "temporal lobe while the order of images was held in mind."
    )
    return import_recording(DATASET, file), f"{DATASET}-{config.session}", said


def _compare(analyses: dict[str, Analysis], model: str, brain: str) -> dict[str, Any]:
    """Geometry of rank in both recordings: all that they share without common stimuli."""
    n_items = min(int(analyses[name].recording.sizes["item"]) for name in (model, brain))
    one, other = (rank_rdm(analyses[name].recording, n_items) for name in (model, brain))
    n_distances = n_items * (n_items - 1) // 2
    sentence = (
        f"The two recordings share no stimulus, so RDMs over stimuli cannot be compared. Both are "
        f"sequences, so the geometry of rank (distances between items 1 to {n_items}, whatever "
        f"they are) can: "
    )
    if n_items < 3:
        return {"sentences": [sentence + "but two items give one distance only."]}
    value = float(compare_rdms(one, other).item())
    sentence += (
        f"Pearson correlation of the RDMs {value:.2f}, over {n_distances} distances. So few "
        f"distances, from one network and one session, support no conclusion."
    )
    return {
        "rank_rdm": {"value": value, "n_distances": n_distances, "method": "corr"},
        "sentences": [sentence],
    }


def _write(
    folder: Path, summary: dict[str, Any], figures: list[dict[str, str]], reference: str
) -> None:
    from wmsim.figures import positions_figure, statistics_figure

    statistics_figure(summary["recordings"], folder / "figures" / "statistics")
    positions_figure(summary["recordings"], folder / "figures" / "positions")
    write_json(folder / "summary.json", summary)
    introduction = [
        "A network learned nine n-back tasks on rendered objects, was recorded like a brain, and "
        "went through the same analysis as the recording beside it.",
    ]
    for name, recording in summary["recordings"].items():
        introduction += [f"{name}. {headline(recording, f)}" for f in recording["features"]]
    write_page(
        folder,
        summary,
        [*figures, *overview_figures()],
        title="wmsim demo: a subject, a brain, one pipeline",
        introduction=introduction,
        references=[reference] if reference else [],
    )
