"""Training: from settings to a subject, resumable (torch).

======================  ==================================================================
:mod:`.config`          settings of training
:mod:`.subject`         subjects: train one, read one back
:mod:`.loop`            the training loop
:mod:`.batches`         trials as the network takes them
:mod:`.evaluate`        how well a network does its tasks
:mod:`.checkpoint`      a subject's folder
:mod:`.device`          where to train
======================  ==================================================================
"""

from wmsim.training.config import TrainingConfig
from wmsim.training.device import pick_device
from wmsim.training.evaluate import Performance, evaluate, respond
from wmsim.training.subject import Subject, SubjectConfig, load_subject, train_subject

__all__ = [
    "Performance",
    "Subject",
    "SubjectConfig",
    "TrainingConfig",
    "evaluate",
    "load_subject",
    "pick_device",
    "respond",
    "train_subject",
]
