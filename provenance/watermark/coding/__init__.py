"""Error-correcting code of the mark."""
