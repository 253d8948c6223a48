"""Errors, files, settings: what everything else stands on."""

import json
import os
import stat

import pytest

from wmsim.config import Config
from wmsim.errors import ConfigError, WmsimError, choose
from wmsim.files import atomic_path, content_key, existing_file, output_folder, write_json
from wmsim.progress import progress


class Oven(Config):
    heat: int = 200
    fan: bool = True


def test_unknown_setting_fails_by_name():
    with pytest.raises(ConfigError, match=r"Oven: unknown setting 'heet'. Did you mean 'heat'"):
        Oven(heet=100)


def test_wrong_value_is_named():
    with pytest.raises(ConfigError, match=r"heat is 'hot'"):
        Oven(heat="hot")


def test_settings_are_frozen_and_copies_are_checked():
    oven = Oven()
    with pytest.raises(Exception, match="frozen"):
        oven.heat = 1
    assert oven.changed(heat=150).heat == 150
    with pytest.raises(ConfigError, match="unknown setting"):
        oven.changed(colour="red")


def test_choose_suggests():
    with pytest.raises(ConfigError, match=r"Unknown fruit 'aple'. Did you mean 'apple'"):
        choose("aple", ["apple", "pear"], "fruit")


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "numbers.json"
    write_json(target, {"a": 1})

    def interrupted():
        with atomic_path(target) as temporary:
            temporary.write_text('{"a": ')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert json.loads(target.read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.json"]


def test_nan_is_no_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


def test_output_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(WmsimError, match="is a file, a folder was expected"):
        output_folder(tmp_path / "out")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_output_folder(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(WmsimError, match="Cannot write"):
            output_folder(tmp_path / "out")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_full_disk(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wmsim.files.os.replace", full)
    with pytest.raises(WmsimError, match=r"No space left on device\. Free some space"):
        write_json(tmp_path / "x.json", {})


def write_badly(path, error):
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise error


def test_a_full_disk_behind_a_librarys_own_error(tmp_path, monkeypatch):
    hidden = AttributeError("'Stream' object has no attribute 'pos'")
    hidden.__context__ = OSError(28, "No space left on device")
    with pytest.raises(WmsimError, match="No space left on device"):
        write_badly(tmp_path / "figure.pdf", hidden)
    with pytest.raises(RuntimeError, match="enforce fail"):
        write_badly(tmp_path / "state.pt", RuntimeError("enforce fail"))
    usage = type("Usage", (), {"free": 0})
    monkeypatch.setattr("wmsim.files.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(WmsimError, match="No space left on device"):
        write_badly(tmp_path / "state.pt", RuntimeError("enforce fail"))
    assert not list(tmp_path.iterdir())


def test_missing_file_suggests_a_near_name(tmp_path):
    (tmp_path / "session.nc").write_text("")
    with pytest.raises(WmsimError, match=r"Did you mean '.*session.nc'"):
        existing_file(tmp_path / "sesion.nc")
    with pytest.raises(WmsimError, match="is a folder"):
        existing_file(tmp_path)
    with pytest.raises(WmsimError, match="There is no folder"):
        existing_file(tmp_path / "nowhere" / "x.nc")


def test_content_key_depends_on_everything():
    keys = {content_key(1, "a"), content_key("a", 1), content_key(1, "b"), content_key([1, "a"])}
    assert len(keys) == 4


def test_progress_is_silent_away_from_a_terminal(capsys):
    with progress("work", 2) as step:
        step(note="half")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
