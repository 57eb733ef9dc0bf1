"""`python -m provenance_cli`."""

from .main import main

main()
