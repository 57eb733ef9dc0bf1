"""Stamping inside programs that were written by others."""
