"""Hypotheses: recordings whose geometry is known by construction.

======================  ==================================================================
:mod:`.plant`           a planted spiking recording
======================  ==================================================================
"""

from wmsim.hypotheses.plant import plant_spikes

__all__ = ["plant_spikes"]
