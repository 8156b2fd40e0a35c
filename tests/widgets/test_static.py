"""A panel as still HTML, as a notebook that is not trusted keeps it."""

from __future__ import annotations

import asyncio
import base64
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from notebook_async import JobBoard, run_jobs
from notebook_async.board import RichOutput
from notebook_async.widgets._board_rows import board_row
from notebook_async.widgets._static import panel_html
from notebook_async.widgets._still_board import board_html
from notebook_async.widgets._still_parts import bar_picture
from notebook_async.widgets._subjects import JobSubject
from tests.widgets.test_words import counts

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert(1)</script><b title="x">&amp;\''


class Page(HTMLParser):
    """The elements and the words of some HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.images: list[dict[str, str | None]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        """Take note of an element."""
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that elements are nested."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take note of words."""
        self.text += data


def drawing(image: dict[str, str | None]) -> ET.Element:
    """Return the drawing in an image's data URI."""
    kind, _, data = str(image["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(data))  # noqa: S314  (it is our own)


def bars(image: dict[str, str | None]) -> list[tuple[float, str]]:
    """Return the widths and fills of the rectangles of a bar, as parts of the whole."""
    svg = drawing(image)
    whole = float(svg.attrib["width"])
    rectangles = [each for each in svg if each.tag == f"{SVG}rect"]
    return [
        (round(float(each.attrib["width"]) / whole, 3), each.attrib["fill"])
        for each in rectangles[1:]
    ]


def test_bar_shows_its_parts() -> None:
    """Done, failed and running parts are as wide as they are many."""
    changes = {"done": 50, "failed": 10, "running": 20, "total": 100}
    [image] = Page(bar_picture(counts(**changes))).images
    assert bars(image) == [
        (0.5, "#009E73"),
        (0.1, "#D55E00"),
        (0.1, "url(#failed)"),
        (0.2, "#0072B2"),
        (0.2, "url(#running)"),
    ]
    assert image["alt"] == "✓ 50 done, ✕ 10 failed, ▶ 20 running, of 100"


@pytest.mark.parametrize(
    ("changes", "widths"),
    [
        ({}, []),
        ({"total": 0}, []),
        ({"done": 3}, [1.0]),
        ({"done": 3, "running": 1}, [0.75, 0.25, 0.25]),
        ({"done": 5, "total": 4}, [1.0]),
        ({"done": 3, "running": 5, "total": 4}, [0.75, 0.25, 0.25]),
    ],
)
def test_bar_never_overflows(changes: dict[str, Any], widths: list[float]) -> None:
    """Without a total the bar is what is known, and it is never wider than whole."""
    [image] = Page(bar_picture(counts(**changes))).images
    assert [width for width, _ in bars(image)] == widths


async def evil_panel() -> Page:
    """Return the picture of a job full of HTML that is none of ours."""

    async def item(_: int) -> None:
        raise ValueError(EVIL)

    async def work() -> None:
        await run_jobs(item, [1], desc=EVIL, on_error="return")
        await run_jobs(asyncio.sleep, [0], desc=EVIL)
        raise LookupError(EVIL)

    job = JobBoard().start(work(), name=EVIL)
    job.output.write("stdout", f"{EVIL}\n")
    job.output.write("error", f"Traceback {EVIL}\n")
    await job.wait()
    subject = JobSubject(job)
    board = board_html([board_row(job)])
    return Page(panel_html(subject.view(), subject.log()) + board)


async def test_everything_is_escaped() -> None:
    """Titles, descriptions, prints, errors and tracebacks are words, not HTML."""
    page = await evil_panel()
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "svg" not in page.tags
    # Title, two runs, failed item with its run, print, error, traceback; title, error.
    assert page.text.count(EVIL) == 10
    assert {str(image["src"])[:26] for image in page.images} == {
        "data:image/svg+xml;base64,"
    }


async def test_panel_tells_what_the_bar_shows() -> None:
    """Beside the picture stand the state, the numbers and the output in words."""
    job = JobBoard().start(run_jobs(asyncio.sleep, [0] * 1234), name="index", cell=7)
    job.output.write("stdout", "said\n")
    await job
    subject = JobSubject(job)
    page = Page(panel_html(subject.view(), subject.log()))
    for words in (
        "✓",
        "index",
        "#1 · cell [7] · 0:00",
        "done",
        "✓ 1,234 done",
        "of 1,234",
        "said",
    ):
        assert words in page.text
    assert [image["alt"] for image in page.images] == ["✓ 1,234 done, of 1,234"]


async def test_job_without_runs_has_no_bar() -> None:
    """Where there is nothing to count there is no bar."""
    job = JobBoard().start(asyncio.sleep(0))
    await job
    subject = JobSubject(job)
    assert Page(panel_html(subject.view(), subject.log())).images == []


async def test_error_of_a_job_whose_cell_shows_it() -> None:
    """Where the traceback stands in the cell the panel has the line of it."""

    async def fail() -> None:
        raise LookupError("page")

    job = JobBoard().start(fail(), echo=True)
    job.output.write("error", "Traceback of the cell")
    await job.wait()
    subject = JobSubject(job)
    page = Page(panel_html(subject.view(), subject.log()))
    assert "✕ LookupError: page" in page.text
    assert "Traceback" not in page.text


@pytest.mark.parametrize(
    ("data", "source"),
    [
        ({"image/png": "aGk=\n", "text/plain": "x"}, "data:image/png;base64,aGk="),
        ({"image/png": b"hi"}, "data:image/png;base64,aGk="),
        ({"image/jpeg": "aGk="}, "data:image/jpeg;base64,aGk="),
        ({"image/svg+xml": "<svg/>"}, "data:image/svg+xml;base64,PHN2Zy8+"),
    ],
)
async def test_pictures_are_images(data: dict[str, Any], source: str) -> None:
    """A picture that a job displays is an image with its data in it."""
    job = JobBoard().start(asyncio.sleep(0))
    await job
    subject = JobSubject(job)
    rich = [RichOutput(data, {}, None)]
    [image] = Page(panel_html(subject.view(), subject.log(), rich)).images
    assert image["src"] == source


async def test_other_displays_are_html_or_text() -> None:
    """A display with HTML is that HTML; one with text alone is words."""
    job = JobBoard().start(asyncio.sleep(0))
    await job
    subject = JobSubject(job)
    rich = [
        RichOutput({"text/html": "<table></table>", "text/plain": "t"}, {}, None),
        RichOutput({"text/plain": "<words>"}, {}, "named"),
    ]
    page = Page(panel_html(subject.view(), subject.log(), rich))
    assert "table" in page.tags
    assert page.text.endswith("<words>")


def test_empty_board_says_how_to_start() -> None:
    """A board without jobs names the way to start one."""
    assert Page(board_html([])).text == "no jobs yet: start one with %%arun"
