"""A model's activity as an electrode would see it, and the noise of recordings, measured.

================  ==================================================================
``config``        settings: units, rates, modulation, Fano factor, correlations, loss
``conditions``    what labels explain of activity, and what is left within conditions
``measure``       the noise of a recording of spikes: the same numbers, measured
``rates``         from activity of either sign to rates
``counts``        spike counts of a given mean and Fano factor, correlated
``apply``         noise put on a recording
``calibrate``     settings that fit a model, whose own activity varies too
``like``          one call: a model that looks like a given recording
================  ==================================================================
"""

from wmsim.recordings.noise.apply import add_noise
from wmsim.recordings.noise.calibrate import Calibrated, calibrated
from wmsim.recordings.noise.conditions import condition_features
from wmsim.recordings.noise.config import NoiseConfig, noise_summary
from wmsim.recordings.noise.like import electrode_view, noise_like
from wmsim.recordings.noise.measure import NoiseEstimate, measure_noise

__all__ = [
    "Calibrated",
    "NoiseConfig",
    "NoiseEstimate",
    "add_noise",
    "calibrated",
    "condition_features",
    "electrode_view",
    "measure_noise",
    "noise_like",
    "noise_summary",
]
