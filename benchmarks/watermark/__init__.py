"""Robustness, quality, error rates and speed of the watermark schemes.

python -m benchmarks.watermark run|report|null|timing --help
"""
