"""The command line ``movement-readiness``: answers, workshop and notebooks, one module each.

The modules of this package define the commands; importing them here puts them into ``app``. What a command
needs is loaded when it runs: the server of a workshop must stay light.
"""

from movement_readiness.cli import answers, demo, exporting, keeping, notebooks, revealing, selftesting, serving
from movement_readiness.cli.running import app, main

__all__ = [
    "answers",
    "app",
    "demo",
    "exporting",
    "keeping",
    "main",
    "notebooks",
    "revealing",
    "selftesting",
    "serving",
]
