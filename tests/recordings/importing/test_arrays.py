"""Arrays of NumPy: names, tables beside them, nothing unpacked that was not promised."""

import struct
import zipfile

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import validate
from wmsim.recordings.importing import arrays
from wmsim.recordings.importing.arrays import read_arrays
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import Mapping


def test_arrays_keep_their_names_values_and_types(tmp_path):
    given = {
        "rates": np.random.default_rng(0).random((2, 3, 4)), "image": np.array(["cup", "ü"]),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)), "empty": np.empty((0, 3)),
        "truth": np.array([True]), "big_endian": np.arange(3, dtype=">f4"),
    }  # fmt: skip
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **given)
        raw = read_arrays(tmp_path / "a.npz")
        assert list(raw.variables) == list(given)
        for name, values in given.items():
            np.testing.assert_array_equal(raw.variables[name], values)
            assert raw.variables[name].dtype == values.dtype
    assert raw.what == "npz file"


def test_one_array_is_activity_and_labels_lie_beside_it(tmp_path):
    np.save(tmp_path / "rates.npy", np.random.default_rng(0).random((4, 3, 5)))
    (tmp_path / "labels.csv").write_text("image\ncup\ncar\ncup\ncar\n")
    raw = read_arrays([tmp_path / "rates.npy", tmp_path / "labels.csv"])
    assert list(raw.variables) == ["activity", "labels.image"]
    assert raw.path.name == "rates.npy + labels.csv"
    mapping = Mapping(
        activity={"variable": "activity", "dims": ("trial", "unit", "time")},
        time={"start": 0.0, "step": 0.1},
        items={"labels": {"image": "image"}},
    )
    recording = assemble(raw, mapping)
    np.testing.assert_allclose(
        recording["activity"].values.transpose(2, 1, 0), raw.variables["activity"], rtol=1e-6
    )


def test_several_arrays_keep_their_names(tmp_path):
    for name in ("rates", "time", "spikes.times"):
        np.save(tmp_path / f"{name}.npy", np.arange(3))
    raw = read_arrays([tmp_path / f"{name}.npy" for name in ("rates", "time")])
    assert list(raw.variables) == ["rates", "time"]
    assert list(read_arrays(tmp_path / "spikes.times.npy").variables) == ["spikes.times"]


def test_text_about_the_session_becomes_attrs(tmp_path):
    np.savez(tmp_path / "a.npz", session=np.array("S1"), subject=np.array(["a"]), x=np.arange(2))
    assert read_arrays(tmp_path / "a.npz").attrs == {"session": "S1"}


def test_structured_arrays_are_tables(tmp_path):
    units = np.array([(1, "V4")], dtype=[("id", int), ("area", "U3")])
    np.savez(tmp_path / "a.npz", units=units)
    assert list(read_arrays(tmp_path / "a.npz").variables) == ["units.id", "units.area"]


def member(folder, name, data, *, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(folder / "a.npz", "a", compression) as archive:
        archive.writestr(name, data)
    return folder / "a.npz"


def npy_bytes(values):
    import io

    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def test_paths_in_an_archive_lead_nowhere(tmp_path):
    before = set(tmp_path.parent.rglob("*"))
    for name in ("../../evil.npy", "/abs/x.npy", "trials/image.npy", "..\\win.npy", "..npy"):
        member(tmp_path, name, npy_bytes(np.arange(2)))
    raw = read_arrays(tmp_path / "a.npz")
    assert list(raw.variables) == ["evil", "abs.x", "trials.image", "win", "array"]
    assert set(tmp_path.parent.rglob("*")) - before == {tmp_path / "a.npz"}


def test_names_that_become_equal_are_refused(tmp_path):
    member(tmp_path, "x.npy", npy_bytes(np.arange(2)))
    member(tmp_path, "../x.npy", npy_bytes(np.arange(2)))
    with pytest.raises(WmsimError, match=r"holds x twice"):
        read_arrays(tmp_path / "a.npz")


def test_other_members_are_left_out_with_a_note(tmp_path):
    member(tmp_path, "readme.txt", b"hello")
    member(tmp_path, "x.npy", npy_bytes(np.arange(2)))
    assert read_arrays(tmp_path / "a.npz").notes == ["skipped readme.txt of a.npz: no array"]


def test_pickles_are_left_out_and_told_when_asked_for(tmp_path):
    cells = np.array([np.arange(2), np.arange(3)], dtype=object)
    np.savez(tmp_path / "a.npz", allow_pickle=True, spikes=cells, x=np.arange(3))
    raw = read_arrays(tmp_path / "a.npz")
    assert list(raw.variables) == ["x"]
    with pytest.raises(WmsimError, match=r"one vector of times and one of the unit of each spike"):
        raw.find("spikes")
    np.savez(tmp_path / "b.npz", allow_pickle=True, spikes=cells)
    with pytest.raises(WmsimError, match=r"holds pickles alone .spikes., expected plain arrays"):
        read_arrays(tmp_path / "b.npz")


def header(shape, descr="<f8"):
    """A .npy header that promises a shape, without data."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header((10**15,)), "header promises 1,000,000,000,000,000 values"),
        (header((10**15,), "<U0"), "promises 1,000,000,000,000,000 values"),
        (header((2**40, 2**40)), "promises"),
        (header((-1,)), "expected lengths from 0"),
        (header((4,), "|O"), "holds Python objects"),
        (header((4,))[:20], "truncated in its header"),
        (b"", "truncated in its header"),
        (b"PK\x03\x04 no array", "no array of NumPy"),
        (b"\x93NUMPY\x09\x00" + b"\0" * 50, "no array of NumPy"),
        (header("__import__('os')"), "no array of NumPy"),
        (header("(" * 500), "no array of NumPy"),
        (npy_bytes(np.arange(100))[:-8], "truncated or damaged"),
    ],
)
def test_arrays_that_are_none(tmp_path, data, message):
    (tmp_path / "x.npy").write_bytes(data)
    with pytest.raises(WmsimError, match=message):
        read_arrays(tmp_path / "x.npy")
    member(tmp_path, "x.npy", data)
    with pytest.raises(WmsimError, match=f"{message}|damaged|pickles alone"):
        read_arrays(tmp_path / "a.npz")


def test_an_archive_cut_short_anywhere_is_told(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(1000), y=np.arange(9))
    data = (tmp_path / "a.npz").read_bytes()
    for length in range(0, len(data), 37):
        (tmp_path / "b.npz").write_bytes(data[:length])
        with pytest.raises(WmsimError, match=r"no .npz file, or is truncated"):
            read_arrays(tmp_path / "b.npz")


def test_an_archive_with_any_bytes_changed_is_told_or_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(300))
    data = (tmp_path / "a.npz").read_bytes()
    rng = np.random.default_rng(0)
    told = 0
    for _ in range(150):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            broken[at] = rng.integers(256)
        (tmp_path / "b.npz").write_bytes(bytes(broken))
        try:
            read_arrays(tmp_path / "b.npz")
        except WmsimError:
            told += 1
    assert told > 75


def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path, monkeypatch):
    import tracemalloc

    monkeypatch.setattr(arrays, "SMALL", 2**20)
    file = member(tmp_path, "x.npy", npy_bytes(np.zeros(2**20)))
    tracemalloc.start()
    with pytest.raises(WmsimError, match=r"zip bomb; if you trust it, save its arrays as .npy"):
        read_arrays(file)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", x=np.arange(100), y=np.arange(100))
    monkeypatch.setattr(arrays, "LARGEST", 1000)
    with pytest.raises(WmsimError, match=r"would unpack from .* to 1,856 bytes"):
        read_arrays(tmp_path / "a.npz")


def test_members_that_share_their_bytes_are_refused(tmp_path):
    """Two entries of the directory point to one array: the sizes do not add up."""
    values = np.random.default_rng(0).random(1000)
    np.savez(tmp_path / "a.npz", x=values, y=values)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        first, second = archive.infolist()
    data = (tmp_path / "a.npz").read_bytes()
    second_starts = second.header_offset
    directory = data.index(b"PK\x01\x02")
    cut = data[:second_starts] + data[directory:].replace(
        struct.pack("<L", second_starts), struct.pack("<L", first.header_offset)
    )
    end = cut.rindex(b"PK\x05\x06")
    at = cut.index(b"PK\x01\x02")
    cut = cut[: end + 16] + struct.pack("<L", at) + cut[end + 20 :]
    (tmp_path / "b.npz").write_bytes(cut)
    with pytest.raises(WmsimError, match=r"zip bomb"):
        read_arrays(tmp_path / "b.npz")


def test_folders_are_refused_with_a_way(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(WmsimError, match=r"is a folder, .npz or .npy files were expected"):
        read_arrays(tmp_path)


def test_the_same_name_in_two_files_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(2))
    np.savez(tmp_path / "b.npz", x=np.arange(2))
    with pytest.raises(WmsimError, match=r"holds x, which another file holds too"):
        read_arrays([tmp_path / "a.npz", tmp_path / "b.npz"])


@pytest.mark.parametrize("time", [{"steps": ("maintenance",)}, None])
def test_voxels_with_behaviour_beside_them(tmp_path, time):
    """fMRI: trial x voxel, regions in a table of voxels, run and session of trials."""
    rng = np.random.default_rng(0)
    betas = rng.normal(size=(6, 4)).astype(np.float32)
    np.savez(tmp_path / "betas.npz", betas=betas)
    (tmp_path / "trials.csv").write_text(
        "run,image\n" + "".join(f"{i // 3},{'ab'[i % 2]}\n" for i in range(6))
    )
    (tmp_path / "voxels.tsv").write_text("roi\tx\n" + "V1\t1\n" * 2 + "IPS\t1\n" * 2)
    raw = read_arrays([tmp_path / name for name in ("betas.npz", "trials.csv", "voxels.tsv")])
    mapping = Mapping(
        activity={"variable": "betas", "dims": ("trial", "unit"), "units": "a.u."}, time=time,
        trials={"columns": {"run": "run"}},
        units={"columns": {"area": "voxels.roi"}, "values": {"kind": "voxel", "session": "ses-1"}},
        items={"labels": {"image": "image"}},
    )  # fmt: skip
    recording = assemble(raw, mapping)
    validate(recording)
    np.testing.assert_array_equal(recording["activity"].values[0].T, betas)
    assert recording["area"].values.tolist() == ["V1", "V1", "IPS", "IPS"]
    assert set(recording["kind"].values) == {"voxel"}
    assert recording["session"].values.tolist() == ["ses-1"] * 4
    assert recording["run"].values.tolist() == [0, 0, 0, 1, 1, 1]
    wanted = "maintenance" if time else "item 1"
    assert recording["step_name"].values.tolist() == [wanted]


def test_columns_of_a_table_are_voxels(tmp_path):
    from wmsim.recordings.importing.tables import read_tables

    betas = np.random.default_rng(0).normal(size=(4, 3))
    lines = [f"{i % 2},{','.join(f'{v:.6f}' for v in row)}" for i, row in enumerate(betas)]
    (tmp_path / "betas.csv").write_text("\n".join(["cond,voxel_1,voxel_2,voxel_3", *lines]) + "\n")
    (tmp_path / "voxels.csv").write_text("roi\nV1\nV1\nIPS\n")
    raw = read_tables([tmp_path / "betas.csv", tmp_path / "voxels.csv"])
    mapping = Mapping(
        activity={"columns": "voxel_*", "dims": ("trial", "unit")},
        time={"steps": ("maintenance",)},
        units={"columns": {"area": "roi"}, "values": {"kind": "voxel"}},
        items={"labels": {"condition": "cond"}},
    )
    recording = assemble(raw, mapping)
    np.testing.assert_allclose(recording["activity"].values[0], betas.T, atol=1e-5)
    assert recording["unit"].values.tolist() == ["voxel_1", "voxel_2", "voxel_3"]
    assert recording["area"].values.tolist() == ["V1", "V1", "IPS"]
