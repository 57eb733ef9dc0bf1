"""The command line: parse, build library objects, one call, render, exit code."""
