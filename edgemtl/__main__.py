"""``python -m edgemtl`` is ``edgemtl``."""

from edgemtl.cli import main

if __name__ == "__main__":
    main()
