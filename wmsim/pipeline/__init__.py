"""The pipeline: recording in, labelled results out; the very same code for networks and brains.

======================  ==================================================================
:mod:`.config`          settings
:mod:`.prepare`         from a recording, or several, to arrays
:mod:`.ready`           units chosen, aligned, transformed
:mod:`.jobs`            one job for each task and feature
:mod:`.pooled`          several recordings as pseudo-populations,
:mod:`.population`      of which pseudo-trials are drawn, for data, null and intervals
:mod:`.design`          which transfers each statistic is made of
:mod:`.statistics`      every statistic of one feature, for data and null alike
:mod:`.stopping`        permutations in their order, and when they end
:mod:`.results`         numbers with intervals and chance; labelled tensors
:mod:`.run`             all of it, in parallel and resumable
:mod:`.cross_tasks`     the decoders of a feature, tested in every task,
:mod:`.decoders`        and labelled
:mod:`.rotations`       memory spaces one by one: decoders, and rotations swapped
:mod:`.orthogonality`   angles between decoders, beside their nulls; two spaces compared
:mod:`.perceptual`      what an encoder tells apart, over distinct frames
:mod:`.workers`         processes and threads
======================  ==================================================================
"""

from wmsim.pipeline.compare_orthogonality import compare_orthogonality, over_subjects
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.cross_tasks import decode
from wmsim.pipeline.design import Design, transfers
from wmsim.pipeline.jobs import Prepared
from wmsim.pipeline.orthogonality import orthogonality
from wmsim.pipeline.perceptual import perceptual_decodability
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import is_joined, prepare
from wmsim.pipeline.rotations import memory_spaces
from wmsim.pipeline.run import Analysis, analyze

__all__ = [
    "Analysis",
    "AnalysisConfig",
    "Design",
    "Population",
    "Prepared",
    "analyze",
    "compare_orthogonality",
    "decode",
    "is_joined",
    "memory_spaces",
    "orthogonality",
    "over_subjects",
    "perceptual_decodability",
    "prepare",
    "transfers",
]
