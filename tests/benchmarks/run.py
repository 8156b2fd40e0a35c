"""Run every benchmark in a process of its own, so that none warms up another.

Each `bench_*.py` beside this file prints a table and is also a script by itself. Names
given as arguments select: `python tests/benchmarks/run.py jobs` runs `bench_jobs.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return how many failed."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    found = {path.stem: path for path in files}
    unknown = [name for name in names if f"bench_{name}" not in found]
    if unknown:
        known = ", ".join(stem.removeprefix("bench_") for stem in found) or "none"
        print(f"no benchmark {', '.join(unknown)}; there are: {known}")
        return len(unknown)
    chosen = {f"bench_{name}": found[f"bench_{name}"] for name in names} or found
    if not chosen:
        print("there are no benchmarks yet")
    failed = 0
    for stem, path in chosen.items():
        print(f"\n== {stem.removeprefix('bench_')}", flush=True)
        failed += subprocess.run([sys.executable, path], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
