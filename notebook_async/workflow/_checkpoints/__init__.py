"""Runs kept after each step."""
