"""A recording as a still picture and as text."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

from notebook_async.core.recording import Recording
from notebook_async.widgets._events_static import events_html, events_text
from tests.widgets.recordings import item, items, recorded, story

SVG = "{http://www.w3.org/2000/svg}"


class Reader(HTMLParser):
    """Collects the words, the tags and the pictures of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        """Keep words."""
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep tags and pictures."""
        self.tags.add(tag)
        if tag == "img":
            self.images.append(dict(attrs))


def test_text() -> None:
    """Numbers, then the last events in columns."""
    text = events_text(recorded(story()))
    lines = text.splitlines()
    assert lines[0] == "✓ 20 events in 10.00 s · the loop was blocked for 500 ms"
    assert "8 item" in lines[1]
    assert "✕ 2 failed" in lines[1]
    assert len(lines) == 14
    assert lines[-1].split() == ["0:10.000", "✓", "job", "job-1", "index"]


def test_text_of_nothing() -> None:
    """Without events there is little to say."""
    assert events_text(Recording()) == "◔ no events"
    assert "no events" in events_html(Recording())


def test_picture_is_safe_and_tells_all_in_words() -> None:
    """There is nothing that an untrusted notebook loses; each lane has its words."""
    html = Reader(events_html(recorded(story())))
    assert html.tags <= {"div", "span", "strong", "table", "tr", "td", "img"}
    assert [image["alt"] for image in html.images] == [
        "2 done",
        "1 done, 1 failed",
        "1 done, 1 failed",
        "1 times blocked",
    ]
    words = " ".join(html.words)
    assert "read 1" in words
    assert "classify #2 Item · KeyError('x')" in words


def test_lanes_are_pictures() -> None:
    """Each lane is an image by itself; what failed is striped and stands out."""
    html = Reader(events_html(recorded(story())))
    source = html.images[1]["src"] or ""
    kind, _, data = source.partition(",")
    assert kind == "data:image/svg+xml;base64"
    svg = ET.fromstring(base64.b64decode(data))  # noqa: S314 - our own
    fills = [path.get("fill") for path in svg.iter(f"{SVG}path")]
    assert fills == ["#009E73", "#D55E00", "url(#failed)"]


def test_markup_stays_text() -> None:
    """What users' values say is no markup."""
    evil = "<b class=evil>bold</b><script>alert(1)</script>"
    html = events_html(recorded([item(1, "failed", 1, error=evil, item=evil)]))
    assert "<b" not in html
    assert "<script" not in html


def test_picture_of_many_is_small() -> None:
    """A hundred thousand events make a picture of bounded size."""
    recording = recorded(items(20_000))
    assert len(events_html(recording)) < 100_000
    assert len(events_text(recording).splitlines()) == 14


def test_live_recordings_say_so() -> None:
    """A picture that nobody may replace says when it was taken."""
    recording = recorded(story())
    recording.listen(source=("nowhere",))
    assert "was recording when this picture was saved" in events_text(recording)
    recording.stop()
    assert not re.search("was recording", events_html(recording))
