"""The registry of public recordings: entries, where files are looked for, fetching."""

from __future__ import annotations

import functools
import hashlib
import http.server
import socket
import threading

import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.recordings import registry
from wmsim.recordings.importing import PRESETS

CONTENT = b"spikes" * 100


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def places(tmp_path, monkeypatch):
    """An empty data folder and an empty cache."""
    monkeypatch.setenv("WMSIM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WMSIM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def entry(places, monkeypatch):
    """A registry with one small recording of two files."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    files = [
        {"name": f"{n}.h5", "session": n, "bytes": len(CONTENT), "sha256": digest} for n in "ab"
    ]
    words = dict.fromkeys(
        ("description", "format", "citation", "licence_url", "homepage", "commit"), "x"
    )
    recording = registry.PublicRecording(
        name="small", folder="small", doi="10.1/2", licence="MIT",
        base_url="https://example.org/raw/", files=files, **words,
    )  # fmt: skip
    monkeypatch.setattr(registry, "datasets", lambda: {"small": recording})
    return recording


def downloads(monkeypatch, content):
    """Replace the download; returns the addresses that were asked for."""
    asked = []

    def fake(entry, file, target):
        asked.append(entry.url(file))
        target.write_bytes(content)

    monkeypatch.setattr(registry, "_download", fake)
    return asked


def test_entries_are_whole():
    assert registry.dataset("kornblith2017").format in PRESETS
    for name, recording in registry.datasets().items():
        assert recording.name == name
        assert not recording.files or recording.commit in recording.base_url
        sessions = [file.session for file in recording.files]
        assert len(set(sessions)) == len(sessions)
    kornblith = registry.dataset("kornblith2017")
    assert len(kornblith.files) == 12
    url = kornblith.url(kornblith.file("399e11sb"))
    assert url.endswith("b3d849695ec93d69c1f82075bf7ed8/raw/399e11sb-2007-7-21_16-34-42.h5")


def test_misspelt_names(places):
    with pytest.raises(
        ConfigError, match=r"Unknown public recording 'panichelo'. Did you mean 'pan"
    ):
        registry.fetch("panichelo")
    with pytest.raises(WmsimError, match=r"no file or session '399e11'. Did you mean '399e11sb'"):
        registry.locate("kornblith2017", "399e11")


def test_data_folder_comes_before_the_cache(entry, places, monkeypatch):
    asked = downloads(monkeypatch, CONTENT)
    assert registry.locate("small", "a") is None
    for base in (places / "cache" / "datasets", places / "data"):
        (base / "small").mkdir(parents=True)
        (base / "small" / "a.h5").write_bytes(CONTENT)
        assert registry.locate("small", "a") == base / "small" / "a.h5"
        assert registry.fetch("small", "a.h5") == [base / "small" / "a.h5"]
    assert asked == []


def test_downloads_are_kept(entry, places, monkeypatch):
    asked = downloads(monkeypatch, CONTENT)
    kept = places / "data" / "small"
    for _ in range(2):
        assert registry.fetch("small") == [kept / "a.h5", kept / "b.h5"]
    assert asked == ["https://example.org/raw/a.h5", "https://example.org/raw/b.h5"]
    assert sorted(file.name for file in kept.iterdir()) == ["a.h5", "b.h5"]


def test_a_wrong_download_is_not_kept(entry, places, monkeypatch):
    downloads(monkeypatch, CONTENT[:-1])
    with pytest.raises(
        WmsimError, match=r"gave 599 bytes with another checksum .*nothing was kept"
    ):
        registry.fetch("small", "a")
    assert list((places / "data" / "small").iterdir()) == []


def test_a_damaged_file_is_not_returned(entry, places):
    folder = places / "data" / "small"
    folder.mkdir(parents=True)
    (folder / "a.h5").write_bytes(b"half")
    with pytest.raises(WmsimError, match=r"has SHA-256 .* and 4 bytes, expected .*Delete it and f"):
        registry.fetch("small", "a")


def test_download_from_a_server(entry, places, monkeypatch):
    served = places / "served"
    served.mkdir()
    (served / "a.h5").write_bytes(CONTENT)
    handler = functools.partial(QuietHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(registry.PublicRecording, "url", lambda _, file: address + file.name)
        (path,) = registry.fetch("small", "a")
        with pytest.raises(WmsimError, match=r"Cannot download .*b.h5 \(HTTPError\)"):
            registry.fetch("small", "b")
        server.shutdown()
    assert path.read_bytes() == CONTENT


def test_without_a_network(entry, places, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(WmsimError) as caught:
        registry.fetch("small", "b")
    message = str(caught.value)
    assert "Cannot download https://example.org/raw/b.h5 (ConnectionError)" in message
    assert f"into '{places / 'data' / 'small'}' or '{places / 'cache'}" in message
    assert "Licence: MIT" in message


WORDS = dict.fromkeys(
    ("name", "description", "format", "citation", "doi", "licence", "licence_url", "homepage"), "x"
)
FILE = {"name": "a.h5", "session": "a", "bytes": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"files": [FILE]},
        {"files": [FILE], "base_url": "https://example.org/"},
        {"files": [FILE], "base_url": "https://example.org/", "commit": "1", "download": "get"},
        {"files": [FILE], "download": "get"},
    ],
)
def test_an_entry_lists_its_files_or_says_how_to_get_them(ways):
    with pytest.raises(ConfigError, match="give files with base_url and commit, or download"):
        registry.PublicRecording(folder="x", **WORDS, **ways)


def test_files_that_the_registry_does_not_list(places):
    name = "dandi000469"
    assert registry.listing(name) == []
    assert registry.locate(name, "sub-1_ses-2") is None
    inside, cached = places / "data" / "000469" / "sub-1", places / "cache" / "datasets" / "000469"
    files = [
        (inside, "sub-1_ses-1_ecephys+image.nwb"),
        (inside, "sub-1_ses-2_ecephys+image.nwb"),
        (cached, "sub-1_ses-2_ecephys+image.nwb"),
        (cached, "sub-2_ses-2_ecephys+image.nwb"),
        (cached, "dandiset.yaml"),
    ]
    for folder, file in files:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"x")
    found = [files[0], files[1], files[3]]
    assert registry.listing(name) == [(file, folder / file) for folder, file in found]
    for asked in ("sub-1_ses-2", "sub-1_ses-2_ecephys+image", "sub-1_ses-2_ecephys+image.nwb"):
        assert registry.locate(name, asked) == inside / "sub-1_ses-2_ecephys+image.nwb"
    assert registry.locate(name, "sub-1") is None


def test_how_to_get_files_that_are_not_listed(places):
    for asked in ((), ("sub-1_ses-2",)):
        with pytest.raises(WmsimError) as caught:
            registry.fetch("dandi000469", *asked)
        message = str(caught.value)
        assert f'`dandi download --output-dir "{places / "data"}" https://dandiarchive' in message
        assert f"'{places / 'data' / '000469'}'" in message
        assert "Licence: CC-BY-4.0" in message
    with pytest.raises(WmsimError, match="does not list the files of 'dandi000469'"):
        registry.dataset("dandi000469").file("sub-1_ses-2")


def test_listing_of_listed_files(entry, places):
    (places / "data" / "small").mkdir(parents=True)
    (places / "data" / "small" / "b.h5").write_bytes(CONTENT)
    assert registry.listing("small") == [
        ("a.h5", None),
        ("b.h5", places / "data" / "small" / "b.h5"),
    ]


@pytest.mark.recordings
def test_real_files_are_what_the_registry_says(recordings_dir, monkeypatch):
    monkeypatch.setenv("WMSIM_DATA_DIR", str(recordings_dir))
    listed = {name: entry for name, entry in registry.datasets().items() if entry.files}
    assert len(listed) == 3
    for name, recording in listed.items():
        sizes = [path.stat().st_size for path in registry.fetch(name)]
        assert sizes == [file.bytes for file in recording.files]
