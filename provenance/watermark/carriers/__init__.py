"""What carries the mark: the canonical frame, the lattice of lines, the keyed chips."""
