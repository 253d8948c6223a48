"""Figures: made for papers, PNG and PDF.

======================  ==================================================================
:mod:`.style`           the look of all figures
:mod:`.contact_sheet`   stimuli
:mod:`.learning`        learning curves
:mod:`.tensor`          generalisation tensors
:mod:`.transfer`        transfer between tasks
:mod:`.statistics`      statistics with intervals and chance
:mod:`.rdms`            RDMs
======================  ==================================================================
"""

from wmsim.figures.contact_sheet import contact_sheet
from wmsim.figures.learning import learning_curve
from wmsim.figures.rdms import rdm_figure
from wmsim.figures.statistics import pick, positions_figure, statistics_figure
from wmsim.figures.style import save_figure
from wmsim.figures.tensor import state_name, tensor_map
from wmsim.figures.transfer import task_order, transfer_figure

__all__ = [
    "contact_sheet",
    "learning_curve",
    "pick",
    "positions_figure",
    "rdm_figure",
    "save_figure",
    "state_name",
    "statistics_figure",
    "task_order",
    "tensor_map",
    "transfer_figure",
]
