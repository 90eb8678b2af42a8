"""Run the command line with ``python -m sklreg``."""

import sys

from sklreg.cli import main

if __name__ == "__main__":
    sys.exit(main())
