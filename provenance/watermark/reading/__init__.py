"""From pixels to evidence for each degree of freedom of the mark."""
