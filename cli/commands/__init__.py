"""One module for each command. They import the library inside, so that --help is fast."""
