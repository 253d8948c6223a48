"""Importing: from other people's files to recordings."""

from wmsim.recordings.importing.formats import IMPORTERS, account, import_recording, option_names

__all__ = ["IMPORTERS", "account", "import_recording", "option_names"]
