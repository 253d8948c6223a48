"""The package stays light: no torch, and no file formats before they are needed."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import wmsim.recordings
heavy = {"torch", "sklearn", "h5py", "netCDF4", "pooch", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""


def test_importing_recordings_loads_nothing_heavy():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
