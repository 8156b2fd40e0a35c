"""The shells of the tests in this folder."""

from tests.notebooks import kernel_notebook, notebook, shell

__all__ = ["kernel_notebook", "notebook", "shell"]
