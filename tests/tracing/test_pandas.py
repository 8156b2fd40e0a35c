# ruff: noqa: PT012, SIM117 - blocks within blocks are what it is about
"""Traces as data frames."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("pandas")

from notebook_async import Recording
from notebook_async.errors import HostError
from notebook_async.tracing import Trace, span, trace
from tests.tracing.told import Boom, Clock


def test_one_row_for_each_piece(clock: Clock) -> None:
    """Each piece of work is a row before those inside of it, with its parent."""
    clock.now = 7
    with trace("t") as traced:
        clock.go_on(1)
        with pytest.raises(Boom), span("a", page=3):
            with span("b", kind="llm"):
                clock.go_on(2)
                raise Boom
    frame = traced.to_pandas()
    ids = ["/".join(node.source) for node in traced]
    # What is missing of a column of text is whatever this pandas has for that.
    frame = frame.astype(object).where(frame.notna(), None)
    assert frame.to_dict("list") == {
        "name": ["t", "a", "b"],
        "kind": ["span", "span", "llm"],
        "phase": ["done", "failed", "failed"],
        "began": [0, 1, 1],
        "seconds": [3, 2, 2],
        "own_seconds": [1, 0, 2],
        "depth": [0, 1, 2],
        "id": ids,
        "parent": [None, *ids[:2]],
        "error": [None, "Boom()", "Boom()"],
        "attributes": [{}, {"page": 3}, {}],
    }


def test_frame_of_nothing() -> None:
    """An empty trace has the columns, and no row."""
    frame = Trace(Recording()).to_pandas()
    assert (len(frame), list(frame)[:3]) == (0, ["name", "kind", "phase"])


def test_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed the error says what to install."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = (
        r"^to_pandas\(\) needs pandas, which is not installed: pip install pandas$"
    )
    with pytest.raises(HostError, match=message):
        Trace(Recording()).to_pandas()
