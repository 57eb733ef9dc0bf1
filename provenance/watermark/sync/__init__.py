"""Finding scale, rotation, aspect, mirror and position of a mark. Needs no key."""
