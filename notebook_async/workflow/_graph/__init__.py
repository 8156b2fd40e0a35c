"""A workflow as nodes and edges, and how they are drawn."""
