"""Watermark schemes, one module each."""
