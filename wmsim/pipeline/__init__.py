"""The pipeline: recording in, labelled results out; the very same code for networks and brains.

======================  ==================================================================
:mod:`.config`          settings
:mod:`.prepare`         from a recording to arrays, one problem a task and feature
:mod:`.design`          which transfers each statistic is made of
:mod:`.statistics`      every statistic of one feature, for data and null alike
:mod:`.results`         numbers with intervals and chance; labelled tensors
:mod:`.run`             all of it, in parallel and resumable
======================  ==================================================================
"""

from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design, transfers
from wmsim.pipeline.prepare import Prepared, prepare
from wmsim.pipeline.run import Analysis, analyze

__all__ = ["Analysis", "AnalysisConfig", "Design", "Prepared", "analyze", "prepare", "transfers"]
