"""Hypotheses: what they say, and recordings whose geometry is known by construction.

======================  ==================================================================
:mod:`.composition`     what hypotheses say: how alike codes are in any two states
:mod:`.planting`        planted recordings
======================  ==================================================================
"""

from wmsim.hypotheses.plant_config import PlantConfig
from wmsim.hypotheses.planting import plant, plant_sessions

__all__ = ["PlantConfig", "plant", "plant_sessions"]
