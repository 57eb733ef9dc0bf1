"""One module for each command; the library is imported inside, so that --help is fast."""
