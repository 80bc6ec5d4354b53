"""The command line: one module a command, each thin over the library."""

from edgemtl.cli.app import main

__all__ = ["main"]
