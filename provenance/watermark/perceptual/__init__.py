"""How much of the mark the eye lets pass, and where."""
