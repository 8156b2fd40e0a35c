"""What is found out about a document."""

from __future__ import annotations

import pytest

from notebook_async.retrieval import Document, TitleExtractor

pytestmark = pytest.mark.realtime


@pytest.mark.parametrize("odd", ["-" * 90_000, " " * 90_000, "= " * 45_000])
def test_odd_titles_take_no_longer(odd: str) -> None:
    """A long rule within a line is not gone over again from each of its places."""
    found = TitleExtractor().extract(Document("d", f"# Tea{odd}ink"))
    assert found["title"] == f"Tea{odd}"[:100]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# Tea #", "Tea #"),
        ("** Tea: _hot_ **", "Tea: _hot"),
        ("=== Tea ===", "Tea"),
        ("Tea - ink --", "Tea - ink"),
        ("----\nTea\n----", "Tea"),
    ],
)
def test_titles_have_no_markup(line: str, title: str) -> None:
    """What stands round the first line with words is left out."""
    assert TitleExtractor().extract(Document("d", line)) == {"title": title}
