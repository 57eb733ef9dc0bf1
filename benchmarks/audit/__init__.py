"""Measurements of the bulk audit, and a large hostile dump of known content to hold it against.

What is hostile comes from the tests, which are no package that is installed.
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
