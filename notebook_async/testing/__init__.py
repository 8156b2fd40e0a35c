"""Tools for testing asynchronous code without waiting: for our tests and for yours."""

from notebook_async.testing._clock import VirtualClockLoop

__all__ = ["VirtualClockLoop"]
