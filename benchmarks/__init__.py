"""Measurements of this project; run from the root of a checkout, never imported by it."""
