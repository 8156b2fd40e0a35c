"""The log of a job: bounded, read by offset, written by threads."""

from __future__ import annotations

import re
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.board import JobOutput, LogSlice, RichOutput

STREAMS = st.sampled_from(["stdout", "stderr", "result", "error"])
WRITES = st.lists(st.tuples(STREAMS, st.text(max_size=12)), max_size=30)


def filled(*writes: tuple[str, str], limit: int = 1_000_000) -> JobOutput:
    """Return an output with some writes."""
    output = JobOutput(limit=limit)
    for stream, text in writes:
        output.write(stream, text)
    return output


def test_streams_are_kept_in_order() -> None:
    """Text is kept in order with its stream, and prints of one stream are joined."""
    output = filled(
        ("stdout", "a"), ("stdout", "\n"), ("stderr", "b\n"), ("stdout", "c\n")
    )
    chunks = [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")]
    assert output.read() == LogSlice(0, 6, chunks, dropped=0)
    assert (output.text, output.end) == ("a\nb\nc\n", 6)


@given(WRITES, st.integers(-40, 400), st.none() | st.integers(0, 400))
def test_any_stretch_is_that_of_all_text(
    writes: list[tuple[str, str]], start: int, most: int | None
) -> None:
    """Reading from an offset, also one from the end, gives that stretch of text."""
    output = filled(*writes)
    text = "".join(text for _, text in writes)
    begin = min(max(start + len(text) if start < 0 else start, 0), len(text))
    end = len(text) if most is None else min(len(text), begin + most)
    log = output.read(start, most=most)
    assert (log.start, log.end, log.text) == (begin, end, text[begin:end])
    assert log.dropped == 0
    assert all(text for _, text in log.chunks)


@given(WRITES, st.integers(1, 20))
def test_bound_keeps_the_end(writes: list[tuple[str, str]], limit: int) -> None:
    """At most `limit` characters are kept, the last ones, and the loss is counted."""
    output = filled(*writes, limit=limit)
    text = "".join(text for _, text in writes)
    log = output.read()
    assert log.text == text[-limit:]
    assert (log.start, log.end) == (max(0, len(text) - limit), len(text))
    assert log.dropped == log.start


def test_reading_what_was_dropped_starts_later() -> None:
    """A reader that is too late gets what is left, and sees where that begins."""
    output = filled(("stdout", "0123456789"), limit=4)
    assert output.read(2) == LogSlice(6, 10, [("stdout", "6789")], dropped=6)
    assert output.read(8, most=1) == LogSlice(8, 9, [("stdout", "8")], dropped=6)


def test_small_prints_stay_small() -> None:
    """A million one-character prints cost a few bytes a character, not a hundred."""
    tracemalloc.start()
    try:
        output = JobOutput(limit=100_000)
        for _ in range(100_000):
            output.write("stdout", "x")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert output.text == "x" * 100_000
    assert kept < 400_000


def test_threads_may_write() -> None:
    """Lines that threads write at once stay whole, and none is lost."""
    output = JobOutput()

    def write(name: str) -> None:
        for number in range(500):
            output.write("stdout", f"{name} {number}\n")

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = output.text.splitlines()
    for name in (f"t{n}" for n in range(6)):
        own = [line for line in lines if line.startswith(f"{name} ")]
        assert own == [f"{name} {number}" for number in range(500)]
    assert len(lines) == 3000


def test_writing_tells_whether_the_cell_shows_it_too() -> None:
    """Only an output that echoes lets the cell have what is written to it."""
    for echo in (False, True):
        output = JobOutput(echo=echo)
        shown = output.display({"text/plain": "3"}, {}, display_id=None, update=False)
        assert output.write("stdout", "a") is echo
        assert shown is echo
        assert output.clear(wait=True) is echo
        assert output.echoes is echo


def test_writing_no_text_is_a_type_error() -> None:
    """What a stream refuses is refused in the same words."""
    message = re.escape("write() argument must be str, not bytes")
    with pytest.raises(TypeError, match=f"^{message}$"):
        JobOutput().write("stdout", b"bytes")


def test_clear_forgets_at_once() -> None:
    """After a clear there is nothing to read, and nothing counts as lost."""
    output = filled(("stdout", "abc"))
    output.display({"image/png": "x"}, {}, display_id=None, update=False)
    output.clear(wait=False)
    assert output.read() == LogSlice(3, 3, [], dropped=0, cleared=3)
    assert output.rich == []
    output.write("stdout", "d")
    assert output.read() == LogSlice(3, 4, [("stdout", "d")], dropped=0, cleared=3)


def test_clear_with_wait_waits_for_the_next_output() -> None:
    """A clear that waits happens with the next output, of either kind."""
    output = filled(("stdout", "abc"))
    output.clear(wait=True)
    assert output.text == "abc"
    output.write("stdout", "d")
    assert output.text == "d"
    output.clear(wait=True)
    output.display({"image/png": "x"}, {}, display_id=None, update=False)
    assert (output.text, len(output.rich)) == ("", 1)


def test_plain_displays_go_to_the_log() -> None:
    """A display that is nothing but text is a line of the log."""
    output = JobOutput()
    output.display({"text/plain": "42"}, {}, display_id=None, update=False)
    assert output.read().chunks == [("result", "42\n")]
    assert (output.rich, output.rich_version) == ([], 0)


def test_rich_displays_are_kept_beside_it() -> None:
    """A picture or a table is kept with its text, and raises the version."""
    output = JobOutput()
    data = {"text/plain": "<Figure>", "image/png": "abc"}
    output.display(data, {"image/png": {"width": 3}}, display_id=None, update=False)
    assert output.rich == [RichOutput(data, {"image/png": {"width": 3}}, None)]
    assert (output.text, output.rich_version) == ("", 1)


def test_updates_replace_in_place() -> None:
    """An update replaces the display of its name where it stands, or does nothing."""
    output = JobOutput()
    for name in ("a", "b"):
        output.display({"text/plain": name}, {}, display_id=name, update=False)
    output.display({"text/plain": "new"}, {}, display_id="a", update=True)
    output.display({"text/plain": "no"}, {}, display_id="unknown", update=True)
    shown = [(each.display_id, each.data["text/plain"]) for each in output.rich]
    assert shown == [("a", "new"), ("b", "b")]
    assert output.rich_version == 3


def test_last_fifty_displays_are_kept() -> None:
    """A job that displays without end keeps the last fifty."""
    output = JobOutput()
    for number in range(60):
        output.display({"text/html": str(number)}, {}, display_id=None, update=False)
    assert [each.data["text/html"] for each in output.rich] == [
        str(number) for number in range(10, 60)
    ]
