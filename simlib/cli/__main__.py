"""`python -m simlib.cli`."""

from . import main

main()
