"""`python -m benchmarks.registry`."""

from __future__ import annotations

import os
import sys

# Before numpy is imported, here and in the child, which inherits it: one thread.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

if __name__ == "__main__":
    from benchmarks.registry.commands import main

    sys.exit(main())
