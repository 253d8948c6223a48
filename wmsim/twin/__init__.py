"""Twins: networks that run the very trials of a brain's recording (torch).

=================  ==================================================================
:mod:`.config`     settings
:mod:`.brain`      what is read of a recording, and what is refused
:mod:`.design`     its timeline in steps, its trials as tasks
:mod:`.subjects`   how networks for it are trained; whether one at hand fits
:mod:`.run`        a network or a control runs the trials and records itself
:mod:`.matched`    as many units as the brain, seen through as noisy electrodes
=================  ==================================================================

Activity at network time t is written down at t + latency (0.2 s by default), because a network
answers at once while neurons lag. Before the first item and after the last probe there is none.
"""

from wmsim.twin.brain import Brain, read_brain, recording_key
from wmsim.twin.config import TwinConfig
from wmsim.twin.design import Design, merged_tasks, twin_design
from wmsim.twin.matched import as_recorded
from wmsim.twin.run import model_name, probe_accuracy, run_twin, stand_ins
from wmsim.twin.subjects import require_fit, subject_in, twin_subject

__all__ = [
    "Brain",
    "Design",
    "TwinConfig",
    "as_recorded",
    "merged_tasks",
    "model_name",
    "probe_accuracy",
    "read_brain",
    "recording_key",
    "require_fit",
    "run_twin",
    "stand_ins",
    "subject_in",
    "twin_design",
    "twin_subject",
]
