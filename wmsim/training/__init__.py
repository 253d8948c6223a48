"""Training: from settings to subjects, resumable (torch).

======================  ==================================================================
:mod:`.config`          settings of training
:mod:`.presets`         named settings of subjects
:mod:`.subject`         subjects: train one, read one back
:mod:`.several`         train several: one by one, in processes, stacked
:mod:`.loop`            the training loop
:mod:`.stacked`         the same for several subjects as one computation
:mod:`.precision`       faster arithmetic, checked against float32
:mod:`.batches`         trials as the network takes them
:mod:`.evaluate`        how well a network does its tasks
:mod:`.checkpoint`      a subject's folder
:mod:`.device`          where to train
======================  ==================================================================
"""

from wmsim.training.config import TrainingConfig
from wmsim.training.device import pick_device
from wmsim.training.evaluate import Performance, evaluate, respond
from wmsim.training.loop import check_precision
from wmsim.training.precision import PrecisionCheck
from wmsim.training.presets import PRESETS, for_tasks, preset
from wmsim.training.several import finish_subjects, seeded, train_subjects
from wmsim.training.subject import Subject, SubjectConfig, load_subject, train_subject

__all__ = [
    "PRESETS",
    "Performance",
    "PrecisionCheck",
    "Subject",
    "SubjectConfig",
    "TrainingConfig",
    "check_precision",
    "evaluate",
    "finish_subjects",
    "for_tasks",
    "load_subject",
    "pick_device",
    "preset",
    "respond",
    "seeded",
    "train_subject",
    "train_subjects",
]
