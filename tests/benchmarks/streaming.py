"""Recordings that are larger than memory should be: bin, save, align and describe in pieces.

    python tests/benchmarks/streaming.py [--units 1000]

Spikes of many units over 1 h become bins of 10 ms in 1,000 trials (2 GB of float32 for 1,000
units). Each way runs in a process of its own, whose largest memory is printed: in pieces, and
all at once.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def session(n_units: int):
    """Spikes of 1 h at 8 spikes/s, 1,000 trials of one image."""
    from wmsim.recordings.importing.rawdata import RawData

    rng = np.random.default_rng(0)
    variables = {
        "spikes": [np.sort(rng.uniform(0, 3600, 28_800)) for _ in range(n_units)],
        "on": np.sort(rng.uniform(5, 3590, 1000)),
        "image": rng.integers(0, 5, 1000),
    }
    return RawData(Path("session"), "made", variables)


def run(way: str, n_units: int) -> None:
    """Import, save, open, align and describe; print seconds and the largest memory."""
    from wmsim.recordings import align, describe, open_recording, save
    from wmsim.recordings.importing import Mapping, activity
    from wmsim.recordings.importing.assemble import assemble

    activity.IN_MEMORY = 0 if way == "in pieces" else 10**12
    mapping = Mapping(
        spikes={"times": "spikes"},
        items={"onset": "on", "labels": {"image": "image"}},
        bins={"width": 0.01, "before": 1, "after": 4},
    )
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = save(assemble(session(n_units), mapping), Path(folder) / "session.nc")
        saved = time.perf_counter() - begin
        with open_recording(file) as recording:
            align(recording)
            describe(recording)
            gigabytes = recording["activity"].size * 4 / 1e9
    total = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{way}: {gigabytes:.1f} GB of activity, imported and saved in {saved:.0f} s, "
        f"{total:.0f} s in all, largest memory {memory:.2f} GB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--way", choices=["in pieces", "at once"])
    given = parser.parse_args()
    if given.way:
        run(given.way, given.units)
        return
    for way in ("in pieces", "at once"):
        command = [sys.executable, __file__, "--units", str(given.units), "--way", way]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
