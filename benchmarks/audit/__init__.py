"""Measurements of the bulk audit."""
