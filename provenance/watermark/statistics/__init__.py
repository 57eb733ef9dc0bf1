"""The error rate of a detection."""
