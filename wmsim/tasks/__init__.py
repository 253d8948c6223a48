"""Tasks: what is asked about the items, and the trials that ask it.

==================  ==================================================================
:mod:`.nback`       the N-back tasks, their names, the paper's regimes
:mod:`.items`       the items that may be shown, as tables of indices
:mod:`.trials`      vectorised, balanced, seeded generation of trials
:mod:`.balance`     the one balancing step that the generator is made of
==================  ==================================================================
"""

from wmsim.tasks.items import ItemSpace
from wmsim.tasks.nback import (
    ACTIONS,
    FEATURES,
    MATCH,
    NO_ACTION,
    NON_MATCH,
    NBackTask,
    nback_tasks,
    parse_task,
    regime_tasks,
)
from wmsim.tasks.trials import Trials, generate_trials

__all__ = [
    "ACTIONS",
    "FEATURES",
    "MATCH",
    "NON_MATCH",
    "NO_ACTION",
    "ItemSpace",
    "NBackTask",
    "Trials",
    "generate_trials",
    "nback_tasks",
    "parse_task",
    "regime_tasks",
]
