"""Models: the networks that are trained (torch).

======================  ==================================================================
:mod:`.config`          architecture and size
:mod:`.task_vector`     the vector that names the task
:mod:`.network`         the paper's network, whatever its core
:mod:`.cores`           what a core can do; vanilla RNN, GRU, LSTM
:mod:`.transformer`     a causal transformer
:mod:`.state_space`     a diagonal linear state-space network
:mod:`.slots`           a memory with one slot an item
======================  ==================================================================
"""

from wmsim.models.config import (
    DEFAULT_UNITS,
    PAPER_UNITS,
    Architecture,
    LstmSettings,
    NetworkConfig,
    SlotSettings,
    StateSpaceSettings,
    TransformerSettings,
    VanillaSettings,
)
from wmsim.models.cores import State
from wmsim.models.network import WorkingMemoryNetwork, n_parameters
from wmsim.models.task_vector import task_vectors, trial_vectors

__all__ = [
    "DEFAULT_UNITS",
    "PAPER_UNITS",
    "Architecture",
    "LstmSettings",
    "NetworkConfig",
    "SlotSettings",
    "State",
    "StateSpaceSettings",
    "TransformerSettings",
    "VanillaSettings",
    "WorkingMemoryNetwork",
    "n_parameters",
    "task_vectors",
    "trial_vectors",
]
