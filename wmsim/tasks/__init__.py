"""Tasks: what is asked about the items, and the trials that ask it.

==================  ==================================================================
:mod:`.task`        what every task says about itself: the interface
:mod:`.timeline`    steps of a trial: items, gaps, maintenance, cues, probes
:mod:`.nback`       the N-back tasks of the paper
:mod:`.delayed`     delayed match-to-sample, Sternberg, retro-cue
:mod:`.sequence`    recognition after a sequence, and the very trials of a recording
:mod:`.names`       names of tasks and regimes
:mod:`.items`       the items that may be shown, as tables of indices
:mod:`.trials`      the table of trials; vectorised, balanced, seeded generation
:mod:`.labels`      what a task does not ask for, chosen equally often
:mod:`.balance`     the balancing steps that the generators are made of
==================  ==================================================================
"""

from wmsim.tasks.delayed import DelayedTask, DMSTask, RetroCueTask, SternbergTask
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.names import parse_task, regime_tasks
from wmsim.tasks.nback import NBackTask, nback_tasks
from wmsim.tasks.sequence import SequenceTask, sequence_trials
from wmsim.tasks.task import ACTIONS, FEATURES, MATCH, NO_ACTION, NON_MATCH, Task
from wmsim.tasks.timeline import Timeline
from wmsim.tasks.trials import IGNORED, Trials, generate_trials

__all__ = [
    "ACTIONS",
    "FEATURES",
    "IGNORED",
    "MATCH",
    "NON_MATCH",
    "NO_ACTION",
    "DMSTask",
    "DelayedTask",
    "ItemSpace",
    "NBackTask",
    "RetroCueTask",
    "SequenceTask",
    "SternbergTask",
    "Task",
    "Timeline",
    "Trials",
    "generate_trials",
    "nback_tasks",
    "parse_task",
    "regime_tasks",
    "sequence_trials",
]
