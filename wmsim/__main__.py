"""``python -m wmsim`` is the command ``wmsim``."""

from wmsim.cli.app import main

main()
