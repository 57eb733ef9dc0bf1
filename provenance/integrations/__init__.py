"""Adapters for hosts: the programs that make images, serve them and watch over both."""
