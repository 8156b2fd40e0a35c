"""The shells of the tests in this folder."""

from tests.notebooks import kernel_notebook, notebook, shell
from tests.widgets.comms import comms

__all__ = ["comms", "kernel_notebook", "notebook", "shell"]
