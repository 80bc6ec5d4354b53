"""The command line: one module a command, each thin over the library."""

import sys

from edgemtl.cli.privileges import set_capabilities_apart

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    if any(word.startswith(("-i", "--interface")) for word in sys.argv[1:]):  # live traffic
        set_capabilities_apart()  # before numpy is imported
    try:
        from edgemtl.cli.app import main as run
    except KeyboardInterrupt:  # what is caught there is not caught while it is imported
        sys.exit(130)
    run()
