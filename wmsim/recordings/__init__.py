"""Recordings of networks and of brains in one labelled form, a plain ``xarray.Dataset``.

================  ================================================================
``schema``        the contract: variables, dims, types, allowed values
``labels``        labels of items, as codes and names
``build``         a recording out of arrays
``validate``      what breaks the contract, and how to mend it (single ``checks``)
``summary``       what a recording holds, as numbers; ``describe``: in words
``io``            netCDF-4: whole or absent, opened lazily; on ``hdf5``, ``storable``
``align``         continuous recordings become sequences of steps
``select``        encoding space E(S,S), memory space M(S,T), executive steps
``parts``         some of the units and trials
``folds``         folds of trials, shared by a whole analysis
``populations``   recordings stacked, joined, or resampled into a pseudo-population
``match``         as many units, trials and conditions as another recording
``noise``         a model's activity as electrodes would see it
``importing``     from other people's files: presets of public data, kinds of file
``exporting``     in the form of other libraries, and back
``registry``      public recordings: where they are, fetched and checked
================  ================================================================
"""

from wmsim.recordings.align import align
from wmsim.recordings.build import build_recording, default_step_names, recording_attrs
from wmsim.recordings.describe import describe
from wmsim.recordings.exporting.formats import export
from wmsim.recordings.folds import trial_folds
from wmsim.recordings.importing.formats import account, import_recording
from wmsim.recordings.io import open_recording, save
from wmsim.recordings.labels import encode_labels, feature_names, labels_of
from wmsim.recordings.match import match, match_both
from wmsim.recordings.parts import subset
from wmsim.recordings.populations import join, pseudo_population, sessions, stack
from wmsim.recordings.schema import SCHEMA, SCHEMA_VERSION
from wmsim.recordings.select import (
    encoding_space,
    executive_steps,
    is_aligned,
    item_exists,
    memory_space,
    states,
    step_names,
    step_of_item,
)
from wmsim.recordings.summary import summarise
from wmsim.recordings.validate import validate

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "account",
    "align",
    "build_recording",
    "default_step_names",
    "describe",
    "encode_labels",
    "encoding_space",
    "executive_steps",
    "export",
    "feature_names",
    "import_recording",
    "is_aligned",
    "item_exists",
    "join",
    "labels_of",
    "match",
    "match_both",
    "memory_space",
    "open_recording",
    "pseudo_population",
    "recording_attrs",
    "save",
    "sessions",
    "stack",
    "states",
    "step_names",
    "step_of_item",
    "subset",
    "summarise",
    "trial_folds",
    "validate",
]
