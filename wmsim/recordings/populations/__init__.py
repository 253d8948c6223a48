"""Populations: units that were, or were not, recorded together, in one recording.

================  ==================================================================
``stack``         recordings that share their trials, one beside the other
``join``          sessions one after the other, NaN where a unit was not recorded;
                  ``sessions`` takes them apart again
``pseudo``        trials resampled by condition, within folds
``pool``          the real trials behind it: values, folds, who falls out and why
``apart``         trial tables, and the units that were recorded in the same trials
``draw``          which real trials make up each pseudo-trial
``tables``        what recordings must share, and how their labels are put together
================  ==================================================================
"""

from wmsim.recordings.populations.apart import Part
from wmsim.recordings.populations.join import join, sessions
from wmsim.recordings.populations.pool import Pool, make_pool
from wmsim.recordings.populations.pseudo import pseudo_population
from wmsim.recordings.populations.stack import stack

__all__ = ["Part", "Pool", "join", "make_pool", "pseudo_population", "sessions", "stack"]
