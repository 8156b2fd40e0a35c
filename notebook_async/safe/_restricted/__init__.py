"""What restricts code inside its process; a child loads this and nothing else of ours.

`boot` sets the limits of a child and starts `child`; `run` compiles under `policy` and
runs with what `guards`, `builtin_names` and `modules` hand out. No module here imports
another room, not even `errors`: outcomes are plain dicts, which others turn into values
and errors.
"""
