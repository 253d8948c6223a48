"""The paper, figure by figure: subjects trained once, measured once, claims judged.

======================  ==================================================================
:mod:`.config`          settings and presets
:mod:`.kinds`           kinds of subjects
:mod:`.study`           the folder that figures share: subjects, recordings, measurements
:mod:`.claims`          statements of the paper, values, intervals, verdicts
:mod:`.figure`          what a figure is
:mod:`.registry`        all figures; each is a module of its name
:mod:`.run`             the command
======================  ==================================================================
"""

from wmsim.reproduce.claims import Claim, over_subjects, verdict
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.registry import figures
from wmsim.reproduce.run import reproduce as reproduce_figures
from wmsim.reproduce.study import Study

__all__ = [
    "Claim",
    "Figure",
    "Kind",
    "ReproduceConfig",
    "Study",
    "figures",
    "over_subjects",
    "reproduce_figures",
    "verdict",
]
