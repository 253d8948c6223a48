"""Models: the networks that are trained (torch).

======================  ==================================================================
:mod:`.config`          architecture and size
:mod:`.task_vector`     the vector that names the task
:mod:`.network`         the paper's network
======================  ==================================================================
"""

from wmsim.models.config import PAPER_UNITS, Architecture, NetworkConfig
from wmsim.models.network import WorkingMemoryNetwork
from wmsim.models.task_vector import task_vectors

__all__ = [
    "PAPER_UNITS",
    "Architecture",
    "NetworkConfig",
    "WorkingMemoryNetwork",
    "task_vectors",
]
