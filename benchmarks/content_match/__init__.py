"""How often the content match misses a picture, and how often it takes another one for it."""
