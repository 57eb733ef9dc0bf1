"""Processes that are killed while they release pictures, and what must hold afterwards."""
