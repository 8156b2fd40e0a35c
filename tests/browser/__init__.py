"""Tests in a real browser, against a real JupyterLab and a real Notebook.

A package, unlike the folders beside it, because pytest closes package-scoped fixtures
only at the end of one: Playwright must be gone before the next async test runs.
"""
