"""The table of broken inputs: each is told, with what was found, what was expected, how to mend it.

A row is a name, a function that makes the broken thing in a folder and uses wmsim's public
functions on it, and words that the message must contain.
"""

import struct
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io

from wmsim.errors import WmsimError
from wmsim.recordings import build_recording, open_recording, save
from wmsim.recordings.importing import arrays
from wmsim.recordings.importing.arrays import read_arrays
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import Mapping, read_mapping
from wmsim.recordings.importing.matlab import read_matlab
from wmsim.recordings.importing.nwb import read_nwb_file
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.tables import read_tables

N_TRIALS, N_UNITS, N_TIME = 6, 4, 20
ONSET = 10.0 * np.arange(1, 7)[:, None] + np.array([0.0, 1.0])
IMAGE = np.array([[1, 2], [2, 3], [3, 1], [1, 3], [2, 1], [3, 2]])


def spikes(folder, **changes):
    """Spikes and trials, with one thing wrong; keys with two underscores are of the mapping."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(5, 75, 800))
    variables = {
        "spikes.times": times, "spikes.clusters": rng.integers(0, N_UNITS, 800),
        "units.id": np.arange(N_UNITS), "units.area": np.array(["V4"] * N_UNITS),
        "trials.on": ONSET, "trials.off": ONSET + 0.5, "trials.image": IMAGE,
        "trials.delay": ONSET[:, 1] + 1,
    }  # fmt: skip
    variables |= {name.replace("_", ".", 1): v for name, v in changes.items() if "__" not in name}
    settings = {
        "spikes": {"times": "spikes.times", "clusters": "spikes.clusters"},
        "units": {"name": "units.id"},
        "items": {"onset": "on", "offset": "off", "labels": {"image": "image"}},
        "events": {"maintenance": "delay"},
    }
    settings |= {name.removesuffix("__"): v for name, v in changes.items() if "__" in name}
    return assemble(RawData(folder / "s.nwb", "NWB file", variables), Mapping(**settings))


def rates(folder, **changes):
    """Rates over (trial, unit, time), with one thing wrong."""
    variables = {
        "rates": np.random.default_rng(0).random((N_TRIALS, N_UNITS, N_TIME)),
        "time": np.arange(N_TIME) * 0.1 - 0.45, "image": IMAGE, "on": np.tile([0.0, 0.5], (6, 1)),
    }  # fmt: skip
    variables |= {name: values for name, values in changes.items() if "__" not in name}
    settings = {
        "activity": {"variable": "rates", "dims": ("trial", "unit", "time")},
        "time": {"variable": "time"},
        "items": {"onset": "on", "labels": {"image": "image"}},
    }
    settings |= {name.removesuffix("__"): v for name, v in changes.items() if "__" in name}
    return assemble(RawData(folder / "a.npz", "npz file", variables), Mapping(**settings))


def dims(*names):
    return {"activity__": {"variable": "rates", "dims": names}}


def recording(**changes):
    given = {
        "activity": np.zeros((5, 2, 3)), "time": np.arange(5) * 0.1, "time_units": "s",
        "activity_units": "a.u.", "source": "neural", "features": {"image": [[0], [1], [0]]},
    } | changes  # fmt: skip
    return build_recording(given.pop("activity"), **given)


def cut(file, share=0.5):
    """The file without its end."""
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    return file


def text(folder, name, content):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def matlab73(folder, fill):
    """HDF5 behind the header of MATLAB 7.3."""
    file = folder / "a.mat"
    with h5py.File(file, "w", userblock_size=512) as opened:
        fill(opened)
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    file.write_bytes(header.ljust(512, b"\0") + file.read_bytes()[512:])
    return file


def truncated_nc(folder):
    open_recording(cut(save(recording(), folder / "a.nc")))


def truncated_npz(folder):
    np.savez(folder / "a.npz", x=np.arange(100))
    read_arrays(cut(folder / "a.npz"))


def truncated_npy(folder):
    np.save(folder / "a.npy", np.arange(100))
    read_arrays(cut(folder / "a.npy", 0.9))


def truncated_mat(folder):
    scipy.io.savemat(folder / "a.mat", {"x": np.arange(1000.0)})
    read_matlab(cut(folder / "a.mat"))


def truncated_mat73(folder):
    read_matlab(cut(matlab73(folder, lambda file: file.update(x=np.arange(1000.0)))))


def truncated_parquet(folder):
    pd.DataFrame({"a": np.arange(1000.0)}).to_parquet(folder / "a.parquet")
    read_tables(cut(folder / "a.parquet"))


def truncated_nwb(folder):
    with h5py.File(folder / "a.nwb", "w") as file:
        file["units/spike_times"] = np.arange(1000.0)
    read_nwb_file(cut(folder / "a.nwb"))


def pickle_npy(folder):
    np.save(folder / "a.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    read_arrays(folder / "a.npy")


def object_npz(folder):
    cells = np.array([np.arange(2), np.arange(3)], dtype=object)
    np.savez(folder / "a.npz", spikes=cells)
    read_arrays(folder / "a.npz")


def object_npz_asked_for(folder):
    cells = np.array([np.arange(2), np.arange(3)], dtype=object)
    np.savez(folder / "a.npz", spikes=cells, x=np.arange(3))
    read_arrays(folder / "a.npz").find("spikes")


def zip_bomb(folder):
    """A third of a gigabyte of zeros in 300 kB."""
    piece = bytes(2**20)
    with (
        zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(arrays.SMALL // 2**20 + 1):
            member.write(piece)
    read_arrays(folder / "a.npz")


def promising_npy(folder):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**15},), }}".ljust(117)
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.encode() + b"\n"
    read_arrays(text(folder, "a.npy", data))


def linked_nc(folder):
    save(recording(), folder / "a.nc")
    with h5py.File(folder / "a.nc", "a") as file:
        del file["image"]
        file["image"] = h5py.ExternalLink("/etc/other.h5", "/x")
    open_recording(folder / "a.nc")


def linked_mat(folder):
    def link(file):
        file["x"] = h5py.ExternalLink("/etc/other.h5", "/x")

    read_matlab(matlab73(folder, link)).find("x")


def missing_column(folder):
    raw = read_tables(text(folder, "trials.csv", "image_1,on\n1,2\n"))
    mapping = {"activity": {"columns": "on", "dims": ["trial", "unit"]}}
    assemble(raw, Mapping(**mapping, items={"labels": {"image": "imag_1"}}))


def csv(name, content):
    return lambda folder: read_tables(text(folder, name, content))


def yaml(content):
    return lambda folder: read_mapping(text(folder, "m.yaml", content))


def unit_not_in_table(folder):
    spikes(folder, units_id=np.array([0, 1, 2, 9]))


TWICE = np.repeat(np.arange(N_TIME // 2) * 0.1, 2)
MISSING_ONSET = np.where(np.arange(12).reshape(6, 2) == 3, np.nan, np.tile([0.0, 0.5], (6, 1)))
FULL = np.random.default_rng(0).random((N_TRIALS, N_UNITS, N_TIME))

BROKEN = {
    # Axes and shapes
    "wrong axes": (
        lambda f: rates(f, **dims("time", "unit", "trial")),
        ["20 trials (time: 6", "labels have 6", "are trial and time exchanged"],
    ),
    "trial and unit swapped": (
        lambda f: rates(f, **dims("unit", "trial", "time")),
        ["activity has 4 trials", "labels have 6", "are trial and unit exchanged"],
    ),
    "unit and time swapped": (
        lambda f: rates(f, **dims("trial", "time", "unit")),
        ["time has 20 times", "has 4 time bins", "Correct activity: dims"],
    ),
    "too few axes": (
        lambda f: rates(f, **dims("trial", "unit")),
        ["has shape (6, 4, 20)", "expected the axes (trial, unit)", "Correct activity: dims"],
    ),
    "axis called one that is not": (
        lambda f: rates(f, rates=FULL[None].repeat(2, 0), **dims("one", "trial", "unit", "time")),
        ["'one', but it has 2 entries", "Name it"],
    ),
    "activity that is text": (
        lambda f: rates(f, rates=FULL.astype(str)),
        ["rates holds <U", "expected numbers", "Name another variable"],
    ),
    "complex activity": (
        lambda f: rates(f, rates=FULL + 1j),
        ["holds complex128", "expected numbers"],
    ),
    "infinite activity": (
        lambda f: rates(f, rates=np.where(FULL > 0.9, np.inf, FULL)),
        ["activity:", "values are infinite", "Write NaN there"],
    ),
    "a unit that is NaN throughout": (
        lambda f: rates(f, rates=np.where(np.arange(4)[:, None] == 2, np.nan, FULL)),
        ["1 units are NaN throughout (u2)", "Leave them out"],
    ),
    "unequal trials": (
        lambda f: rates(
            f, rates=[np.zeros((6, 20)), np.zeros((5, 20))], **dims("unit", "trial", "time")
        ),
        ["different shapes (1 of shape (6, 20), 1 of shape (5, 20))", "by itself", "join"],
    ),
    # Labels
    "one label too few": (
        lambda f: rates(f, image=IMAGE[:-1], on=np.tile([0.0, 0.5], (5, 1))),
        ["activity has 6 trials", "the labels have 5", "leave out the trials that have none"],
    ),
    "labels (item, trial)": (
        lambda f: rates(f, image=IMAGE.T),
        ["items: onset has shape (6, 2)", "the labels have (2, 6)", "Transpose one of them"],
    ),
    "codes that have no name": (
        lambda f: rates(
            f,
            items__={
                "onset": "on",
                "labels": {"image": "image"},
                "names": {"image": {0: "a", 1: "b", 2: "c"}},
            },
        ),
        ["image: value '3' has no name", "names are given to 0, 1, 2", "Add it under items: names"],
    ),
    "codes beyond the names of a recording": (
        lambda f: recording(features={"image": ([[1], [2], [3]], ["a", "b", "c"])}),
        ["image: found the code 3", "has 3 names, for 0 to 2", "Add the missing names"],
    ),
    "labels that mix text and numbers": (
        lambda f: rates(f, image=np.array([[1, "face"]] * 6, dtype=object)),
        ["image: labels mix text and numbers ('face' and 1)", "expected one or the other"],
    ),
    "labels that are fractions": (
        lambda f: rates(f, image=IMAGE + 0.5),
        ["image: found the label 1.5", "expected whole numbers or text", "bin a continuous"],
    ),
    "labels that are all missing in a trial": (
        lambda f: rates(
            f,
            image=np.where(np.arange(6)[:, None] == 2, 0, IMAGE),
            items__={"labels": {"image": "image"}, "no_item": [0]},
        ),
        ["1 trials have no item (the first at position 2)", "Leave these trials out"],
    ),
    "an unknown response": (
        lambda f: rates(
            f,
            key=np.array([["left", "match"]] * 6),
            items__={"labels": {"image": "image"}, "response": "key"},
        ),
        ["response: found 'left'", "expected 'no action', 'non-match', 'match'", "Recode"],
    ),
    "no label": (
        lambda f: rates(f, items__={"labels": {}}),
        ["no labels are given", "expected at least one feature", "such as"],
    ),
    "labels of infinite numbers": (
        lambda f: rates(f, image=np.where(IMAGE == 3, np.inf, IMAGE)),
        ["image: found the label inf", "expected whole numbers"],
    ),
    "fewer labels than onsets": (
        lambda f: spikes(f, trials_image=IMAGE[:-1]),
        ["items: onset has shape (6, 2)", "the labels have (5, 2)", "Give one onset for each item"],
    ),
    "more events than labels": (
        lambda f: spikes(f, trials_delay=np.append(ONSET[:, 1] + 1, 90.0)),
        ["delay has 7 values, expected one for each of 6 trials"],
    ),
    "more responses than labels": (
        lambda f: rates(
            f,
            key=np.zeros((7, 2), int),
            items__={"labels": {"image": "image"}, "response": "key"},
        ),
        ["items: response has 7 values, expected one for each of 6 trials"],
    ),
    # Times
    "overlapping items": (
        lambda f: spikes(f, trials_off=ONSET + 1.5),
        ["items overlap in 6 trials", "expected each to end before the next begins", "Correct"],
    ),
    "items not in order": (
        lambda f: rates(f, on=np.tile([0.5, 0.0], (6, 1))),
        ["does not increase from item to item in 6 trials", "in order of time"],
    ),
    "trials in ms, spikes in s": (
        lambda f: spikes(
            f,
            trials_on=ONSET * 1000,
            trials_off=ONSET * 1000 + 500,
            trials_delay=ONSET[:, 1] * 1000 + 1000,
        ),
        ["spikes lie between 5", "trials between 10000 and 60000 s", "clock: {trials: ms}"],
    ),
    "spikes in ms, trials in s": (
        lambda f: spikes(f, spikes_times=np.linspace(5e3, 75e3, 800)),
        ["trials between 10 and 60 s", "clock: {spikes: ms}"],
    ),
    "onsets in ms on an axis in s": (
        lambda f: rates(f, on=np.tile([0.0, 500.0], (6, 1))),
        ["item_onset: found 500", "time goes from -0.45 to 1.45", "looks like milliseconds"],
    ),
    "time axis reversed": (
        lambda f: rates(f, time=-np.arange(N_TIME) * 0.1),
        ["time: goes from", "expected values that increase"],
    ),
    "time axis with a value twice": (
        lambda f: rates(f, time=TWICE),
        ["time: goes from 0 to 0", "increase"],
    ),
    "time axis with a gap": (
        lambda f: rates(f, time=np.where(np.arange(N_TIME) == 3, np.nan, np.arange(N_TIME))),
        ["time: holds NaN or infinity", "Give every bin its time"],
    ),
    "no time axis": (
        lambda f: rates(f, time__=None),
        ["20 time bins, but their times are not known", "Give time: variable"],
    ),
    "too few steps": (
        lambda f: rates(f, time__={"steps": ("item 1",)}, rates=FULL[:, :, :2]),
        ["names 1 steps (item 1)", "the activity has 2"],
    ),
    "NaN onsets of labelled items": (
        lambda f: rates(f, on=MISSING_ONSET),
        ["is NaN for 1 items that have a label in image", "Give their onsets, or take the label"],
    ),
    "no time 0": (
        lambda f: spikes(f, trials_on=np.where(np.arange(6)[:, None] == 2, np.nan, ONSET)),
        ["1 of 6 trials have no time 0", "Leave them out with trials: keep"],
    ),
    "onsets that are text": (
        lambda f: spikes(f, trials_on=np.full((6, 2), "early")),
        ["holds 'early', expected numbers", "Leave the cell empty"],
    ),
    "events that are all missing": (
        lambda f: spikes(f, trials_delay=np.full(6, np.nan)),
        ["events: maintenance (delay) has no time in any trial", "leave it out of events"],
    ),
    "infinite onsets": (
        lambda f: spikes(f, trials_on=ONSET + [0, np.inf]),
        ["items: onset holds infinite times (6)", "Write NaN"],
    ),
    "bins too narrow": (
        lambda f: spikes(f, bins__={"width": 1e-7}),
        ["at most 1e+07 are made", "larger bin width"],
    ),
    # Units and spikes
    "duplicate unit names": (
        lambda f: rates(f, unit=np.array(["a", "b", "a", "c"]), units__={"name": "unit"}),
        ["unit: the name 'a' occurs 2 times", "expected a different name", "number them"],
    ),
    "duplicate ids in a table of units": (
        lambda f: spikes(f, units_id=np.array([0, 1, 1, 2, 3])),
        ["'1' occurs 2 times", "different name"],
    ),
    "a unit that the table does not list": (
        unit_not_in_table,
        ["spikes.clusters has the unit 3", "units.id does not list", "same sorting"],
    ),
    "unit labels of other length": (
        lambda f: spikes(
            f,
            units_area=np.array(["V4"] * 3),
            units__={"name": "units.id", "columns": {"area": "units.area"}},
        ),
        ["units.area has 3 values", "expected one for each of 4 units"],
    ),
    "no spikes": (
        lambda f: spikes(f, spikes_times=np.empty(0), spikes_clusters=np.empty(0, int)),
        ["has no spike in any of 4 units", "Name another variable"],
    ),
    "spikes without units": (
        lambda f: spikes(f, spikes__={"times": "spikes.times"}),
        ["one vector of 800 times", "one vector for each unit", "spikes: clusters"],
    ),
    "fewer clusters than spikes": (
        lambda f: spikes(f, spikes_clusters=np.zeros(700, int)),
        ["spikes.times has 800 values, spikes.clusters has 700", "one unit for each spike"],
    ),
    "spike times that are text": (
        lambda f: spikes(f, spikes_times=np.full(800, "x")),
        ["spikes.times holds 'x'", "expected numbers"],
    ),
    "empty session": (
        lambda f: spikes(
            f,
            trials_on=ONSET[:0],
            trials_off=ONSET[:0],
            trials_image=IMAGE[:0],
            trials_delay=ONSET[:0, 0],
        ),
        ["has no trial, expected one at least"],
    ),
    "no unit": (lambda f: rates(f, rates=FULL[:, :0]), ["activity", "is empty", "expected one"]),
    "nothing kept": (
        lambda f: spikes(f, units__={"keep": {"units.area": "IT"}}),
        ["No unit is left: keep asks for units.area IT, found V4", "Correct the mapping"],
    ),
    # Files
    "truncated .npz": (truncated_npz, ["a.npz' is no .npz file, or is truncated", "copy it again"]),
    "truncated .npy": (truncated_npy, ["header promises 100 values", "Copy or save it again"]),
    "truncated .nc": (truncated_nc, ["a.nc' is damaged or truncated", "again"]),
    "truncated .mat": (truncated_mat, ["a.mat'", "truncated", "again"]),
    "truncated .mat v7.3": (truncated_mat73, ["a.mat'", "truncated", "again"]),
    "truncated .parquet": (truncated_parquet, ["a.parquet' is no Parquet", "truncated", "again"]),
    "truncated .nwb": (truncated_nwb, ["a.nwb'", "truncated", "again"]),
    "pickle in an .npy": (
        pickle_npy,
        ["holds Python objects (a pickle)", "expected plain numbers", "can run code"],
    ),
    "object arrays in an .npz": (
        object_npz,
        ["holds pickles alone (spikes)", "expected plain arrays", "np.concatenate"],
    ),
    "object array that is asked for": (
        object_npz_asked_for,
        ["no variable 'spikes'", "a pickle", "np.repeat"],
    ),
    "zip bomb": (zip_bomb, ["would unpack from", "at most", "zip bomb", "save its arrays as .npy"]),
    "an .npy that promises 10^15 values": (
        promising_npy,
        ["promises 1,000,000,000,000,000 values", "found 0 bytes", "again"],
    ),
    "recording with a link out": (
        linked_nc,
        ["/image is a link to somewhere else", "not followed", "copy the data"],
    ),
    "MATLAB file with a link out": (linked_mat, ["link", "not followed", "copy the data"]),
    "missing file": (
        lambda f: (text(f, "trials.csv", "a\n1\n"), read_tables(f / "trails.csv")),
        ["No file", "Did you mean", "trials.csv"],
    ),
    "missing recording": (lambda f: open_recording(f / "a.nc"), ["No recording", "Check the path"]),
    "a folder instead of a file": (
        lambda f: (text(f, "a.csv", "a\n1\n"), read_arrays(f)),
        ["is a folder", "Name the files"],
    ),
    "a folder instead of a recording": (open_recording, ["is a folder, a recording was expected"]),
    "an empty recording": (
        lambda f: open_recording(text(f, "a.nc", "")),
        ["not netCDF-4", "It is empty"],
    ),
    "text called .npz": (
        lambda f: read_arrays(text(f, "a.npz", "x")),
        ["no .npz file", "np.savez"],
    ),
    "text called .mat": (
        lambda f: read_matlab(text(f, "a.mat", "x")),
        ["is no MATLAB file", "Check the path"],
    ),
    "a spreadsheet": (
        lambda f: read_tables(text(f, "a.xlsx", "x")),
        ["ends in '.xlsx'", "save the sheet as CSV"],
    ),
    # Tables
    "CSV with ragged rows": (
        csv("t.csv", "a,b,c\n1,2,3\n1,2\n"),
        ["line 3 has 2 cells, expected 3", "Correct the line"],
    ),
    "CSV in Latin-1": (
        csv("t.csv", "a,b\n1,Tür\n".encode("latin-1")),
        ["not UTF-8: found the byte 0xfc near line 2", "iconv"],
    ),
    "CSV in UTF-16": (csv("t.csv", "a,b\n".encode("utf-16")), ["UTF-16", "Save it as CSV UTF-8"]),
    "CSV with a column twice": (
        csv("t.csv", "a,a\n1,2\n"),
        ["2 columns named 'a'", "expected a different name", "Rename"],
    ),
    "CSV without a header": (
        csv("t.csv", "1.5,2.5\n3,4\n"),
        ["begins with numbers", "expected the names", "Add that line"],
    ),
    "empty CSV": (csv("t.csv", ""), ["is empty", "expected a line with the names"]),
    "a column that is not there": (
        missing_column,
        ["no variable 'imag_1'", "Did you mean 'trials.image_1'", "--describe"],
    ),
    # Mappings
    "YAML with an unknown key": (
        yaml("spikes: {times: t}\nitmes: {}\n"),
        ["unknown setting 'itmes'", "Did you mean 'items'"],
    ),
    "YAML that is no mapping": (yaml("- a\n"), ["holds a list", "expected settings", "--describe"]),
    "YAML with a Python object": (
        yaml("items: !!python/object/apply:os.system ['true']\n"),
        ["is no YAML", "python/object", "Correct this line"],
    ),
    "YAML with a wrong axis": (
        yaml("activity: {variable: x, dims: [trials, unit]}\nitems: {labels: {a: b}}\n"),
        ["dims.0 is 'trials'", "'trial'"],
    ),
    "a name in several tables": (
        lambda f: spikes(f, units_image=np.arange(4)),
        ["several variables 'image': trials.image, units.image", "Write the full name"],
    ),
}


def test_the_table_is_long_enough():
    assert len(BROKEN) >= 25


@pytest.mark.parametrize("name", BROKEN)
def test_broken_inputs_are_told(name, tmp_path):
    use, expected = BROKEN[name]
    with pytest.raises(WmsimError) as error:
        use(tmp_path)
    message = str(error.value)
    missing = [words for words in expected if words not in message]
    assert not missing, f"{missing} not in: {message}"
    assert len(message) < 1500


def test_what_is_not_broken_passes(tmp_path):
    """The rows differ from these by one thing each."""
    assert spikes(tmp_path).sizes["trial"] == N_TRIALS
    assert rates(tmp_path).sizes["trial"] == N_TRIALS
    assert recording().sizes["trial"] == 3
