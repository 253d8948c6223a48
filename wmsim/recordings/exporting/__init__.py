"""Exporting: recordings in the form of other libraries, and back.

================  ================================================================
``columns``       labels as flat columns and back; the encoding that all share, with
                  ``values``
``foreign``       recordings out of columns that somebody else wrote
``rsatoolbox``    ``Dataset`` and ``TemporalDataset``; ``rsatoolbox_files``: as HDF5
``brainscore``    assemblies: presentation x neuroid x time_bin
``nwb``           units table, trials table, activity as a ``TimeSeries``
``mne``           ``EpochsArray``
``frame``         long pandas tables; ``table``: as CSV and Parquet files
``formats``       all of them by name, for ``wmsim export``
``files``         files are looked at before a library opens them
================  ================================================================
"""

from wmsim.recordings.exporting.brainscore import from_brainscore, save_brainscore, to_brainscore
from wmsim.recordings.exporting.formats import EXPORTERS, export
from wmsim.recordings.exporting.frame import from_frame, to_frame
from wmsim.recordings.exporting.mne import from_mne, load_mne, save_mne, to_mne
from wmsim.recordings.exporting.nwb import read_nwb, save_nwb
from wmsim.recordings.exporting.rsatoolbox import from_rsatoolbox, to_rsatoolbox, to_temporal
from wmsim.recordings.exporting.rsatoolbox_files import load_rsatoolbox, save_rsatoolbox
from wmsim.recordings.exporting.table import read_table, save_table

__all__ = [
    "EXPORTERS",
    "export",
    "from_brainscore",
    "from_frame",
    "from_mne",
    "from_rsatoolbox",
    "load_mne",
    "load_rsatoolbox",
    "read_nwb",
    "read_table",
    "save_brainscore",
    "save_mne",
    "save_nwb",
    "save_rsatoolbox",
    "save_table",
    "to_brainscore",
    "to_frame",
    "to_mne",
    "to_rsatoolbox",
    "to_temporal",
]
