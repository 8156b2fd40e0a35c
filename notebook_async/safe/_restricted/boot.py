"""First code of a child: bound it, then load what evaluates, from given folders only.

Run as a script under `python -I -S -B`, so `sys.path` is the standard library and
nothing else. The packages are put in place by hand, without running their `__init__`:
that keeps everything else that is installed out of reach, and takes half the time.
"""

import sys

UNBOUNDED = b'{"kind": "unbounded"}'
MEMORY = b'{"kind": "memory"}'

# Files that may be open at once: three pipes, and a module that is being imported.
_FILES = 8


def main(cpu: str, memory: str, *packages: str) -> None:
    """Set the limits, load the packages given as `name=folder`, and serve one request.

    `cpu` is in seconds, `memory` in bytes; a memory of 0 is for no bound.
    """
    import os  # noqa: PLC0415 - the interpreter has loaded it already

    try:
        bound(int(cpu), int(memory))
        if int(memory) and not _is_bounded(int(memory)):
            os.write(1, UNBOUNDED)
            return
        for package in packages:
            name, _, folder = package.partition("=")
            module = type(sys)(name)
            module.__path__ = [folder]
            sys.modules[name] = module
        from notebook_async.safe._restricted.child import serve  # noqa: PLC0415
    except MemoryError:
        os.write(1, MEMORY)
        return
    serve()


def bound(cpu: int, memory: int) -> None:
    """Bound this process: no file grows, no process starts, no core is written."""
    import resource  # noqa: PLC0415 - Windows has none

    if memory:
        try:
            _limit(resource.RLIMIT_AS, memory)
        except (OSError, ValueError):  # macOS, for what it maps before it begins
            _limit(resource.RLIMIT_DATA, memory)
    _limit(resource.RLIMIT_CPU, cpu)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _FILES)
    _limit(resource.RLIMIT_CORE, 0)
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, 0)


def _limit(kind: int, value: int) -> None:
    import resource  # noqa: PLC0415 - as above

    _, hard = resource.getrlimit(kind)
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (least, least))


def _is_bounded(memory: int) -> bool:
    """Try it: some systems take a limit and do not keep it."""
    import mmap  # noqa: PLC0415 - a child alone needs it

    try:
        mmap.mmap(-1, memory).close()
    except (MemoryError, OSError, ValueError):
        return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
