"""wmsim: recurrent networks as subjects of working-memory experiments, analysed like brains.

======================  ==================================================================
:mod:`wmsim.stimuli`    rendered objects
:mod:`wmsim.encoders`   perceptual features of them
:mod:`wmsim.tasks`      N-back tasks and their trials
:mod:`wmsim.models`     the networks
:mod:`wmsim.training`   subjects
:mod:`wmsim.recordings` recordings of networks and brains in one form
:mod:`wmsim.decoding`   decoders that are never scored on trials that fitted them
:mod:`wmsim.geometry`   rotations between states
:mod:`wmsim.rsa`        dissimilarity matrices
:mod:`wmsim.pipeline`   all of these on one recording
:mod:`wmsim.hypotheses` planted recordings, verdicts, power
:mod:`wmsim.compare`    models against brains
:mod:`wmsim.twin`       networks that run a brain's very trials
:mod:`wmsim.figures`    pictures
:mod:`wmsim.report`     reports
:mod:`wmsim.cli`        the command line
======================  ==================================================================

What is used most is here too, and imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from wmsim._version import __version__

_WHERE = {
    "AnalysisConfig": "wmsim.pipeline",
    "CompareConfig": "wmsim.compare.config",
    "SubjectConfig": "wmsim.training",
    "TwinConfig": "wmsim.twin",
    "VerdictConfig": "wmsim.hypotheses.verdict",
    "WmsimError": "wmsim.errors",
    "align": "wmsim.recordings",
    "analyze": "wmsim.pipeline",
    "analyze_file": "wmsim.report",
    "compare_files": "wmsim.report.compare",
    "decode": "wmsim.pipeline",
    "decode_file": "wmsim.report",
    "import_recording": "wmsim.recordings",
    "load_subject": "wmsim.training",
    "open_recording": "wmsim.recordings",
    "plant": "wmsim.hypotheses",
    "record": "wmsim.recordings.subject",
    "run_twin": "wmsim.twin",
    "save": "wmsim.recordings",
    "train_subject": "wmsim.training",
    "twin_design": "wmsim.twin",
    "twin_files": "wmsim.report.twin",
    "validate": "wmsim.recordings",
    "verdict": "wmsim.hypotheses.verdict",
    "verdict_files": "wmsim.report.verdict",
}
__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'wmsim' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
