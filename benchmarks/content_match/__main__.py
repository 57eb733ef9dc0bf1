"""`python -m benchmarks.content_match`."""

from __future__ import annotations

import os
import sys

# Before numpy is imported, here and in the workers, which inherit it: one thread each.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

if __name__ == "__main__":
    from benchmarks.content_match.commands import main

    sys.exit(main())
