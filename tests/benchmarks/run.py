"""Run every benchmark in a process of its own, so that none warms up another.

Each `bench_*.py` beside this file prints a table and is also a script by itself. Names
given as arguments select: `python tests/benchmarks/run.py jobs` runs `bench_jobs.py`.
`--write` is passed on: each benchmark then keeps its tables in RESULTS.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all; return how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which ones; by default all")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    options = parser.parse_args(arguments)
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    found = {path.stem: path for path in files}
    unknown = [name for name in options.names if f"bench_{name}" not in found]
    if unknown:
        known = ", ".join(stem.removeprefix("bench_") for stem in found) or "none"
        print(f"no benchmark {', '.join(unknown)}; there are: {known}")
        return len(unknown)
    stems = [f"bench_{name}" for name in options.names]
    chosen = {stem: found[stem] for stem in stems} or found
    if not chosen:
        print("there are no benchmarks yet")
    passed_on = ["--write"] if options.write else []
    failed = 0
    for stem, path in chosen.items():
        print(f"\n== {stem.removeprefix('bench_')}", flush=True)
        command = [sys.executable, path, *passed_on]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
