"""Hypotheses: what they say, and recordings whose geometry is known by construction.

======================  ==================================================================
:mod:`.composition`     what hypotheses say: how alike codes are in any two states
:mod:`.planting`        planted recordings
:mod:`.session`         a planted session with the timeline of an experiment
:mod:`.verdict`         which hypothesis fits a recording, and how sure that is
:mod:`.codes`           codes of items, estimated in halves of trials
:mod:`.measures`        transfer of codes between states, and rotations swapped
:mod:`.reference`       recordings that might have been, of known truth
:mod:`.choice`          probabilities of hypotheses
:mod:`.effects`         effects with intervals, and whether there is any code
:mod:`.reasons`         why a verdict is what it is, in plain words
:mod:`.more_data`       what more trials or units would settle
======================  ==================================================================
"""

from wmsim.hypotheses.plant_config import PlantConfig
from wmsim.hypotheses.planting import plant, plant_sessions
from wmsim.hypotheses.session import plant_session

__all__ = ["PlantConfig", "plant", "plant_session", "plant_sessions"]
