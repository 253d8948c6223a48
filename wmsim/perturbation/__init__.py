"""The causal test: states moved along decoders' normals, and what the network answers then (torch).

======================  ==================================================================
:mod:`.config`          settings
:mod:`.run`             the test, from a subject to a labelled result
:mod:`.compared`        which item a task compares with which probe
:mod:`.plan`            which trials are moved, from where to where
:mod:`.moves`           from one value of a feature to another, along a normal
:mod:`.controls`        random directions
:mod:`.shifts`          each trial's shift, from decoders that were not fitted to it
:mod:`.onwards`         a network that was stopped, moved, and run on
:mod:`.curves`          means, intervals, and what a direction does beyond random ones
:mod:`.dataset`         the labelled result
======================  ==================================================================
"""

from wmsim.perturbation.config import PerturbationConfig
from wmsim.perturbation.run import perturb

__all__ = ["PerturbationConfig", "perturb"]
