"""Importing: from other people's files to recordings.

================  ================================================================
``formats``       formats by name: presets of published data, and kinds of file
``mapping``       what a file cannot say, as settings or YAML
``assemble``      from what a reader found and a mapping to a recording; on
                  ``trials``, ``columns``, ``activity``, ``trains``
``rawdata``       what a reader found, under the names it has in the file
``tables``        CSV, Parquet, folders of .npy (ALF); ``arrays``: npz and npy
``matlab``        MATLAB v5 and v7.3; ``nwb``; ``mne_epochs``
``inspecting``    what is in a file, in words, and a mapping to fill in
``spikes``        binning; ``smoothing``; ``sessions``: long samples cut into trials
================  ================================================================

Presets: ``kornblith2017``, ``concept_cells``, ``kyzar2024``, ``panichello2021``.
"""

from wmsim.recordings.importing.formats import (
    PRESETS,
    READERS,
    account,
    guess_format,
    import_recording,
    option_names,
    read_raw,
)
from wmsim.recordings.importing.mapping import Mapping, read_mapping

__all__ = [
    "PRESETS",
    "READERS",
    "Mapping",
    "account",
    "guess_format",
    "import_recording",
    "option_names",
    "read_mapping",
    "read_raw",
]
