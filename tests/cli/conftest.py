"""Run a command line as a user does."""

import sys

import pytest

from wmsim.cli.app import main


@pytest.fixture
def run(monkeypatch, capfd):
    """Run a command line; gives exit status, standard output, standard error."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["wmsim", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return call
