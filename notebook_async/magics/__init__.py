"""The magics: each parses a line and makes one call."""

from notebook_async.magics._extension import load, unload

__all__ = ["load", "unload"]
