"""An event panel as a person finds it: by its roles, its words and its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.notebook import Notebook

# Rows in sight, as they stand: time, kind, source, text, and whether they came later
# than the moment.
_ROWS = """(list) => [...list.querySelectorAll(".na-v-row")]
    .filter((row) => !row.hidden && row.children[0].textContent !== "…")
    .filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        const box = list.getBoundingClientRect();
        return top >= box.top - 1 && bottom <= box.bottom + 1;
    })
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .map((row) => ({
        time: row.children[0].textContent,
        kind: row.children[1].children[1].textContent,
        phase: row.children[1].children[2].textContent.slice(2),
        source: row.children[2].textContent,
        text: row.children[3].textContent,
        later: row.classList.contains("na-later"),
        now: row.classList.contains("na-now"),
        hit: row.classList.contains("na-hit"),
    }))"""

_NODES = """(list) => [...list.querySelectorAll(".na-v-row")]
    .filter((row) => !row.hidden)
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .map((row) => [
        row.getAttribute("aria-level"),
        row.querySelector(".na-node-name").textContent,
        row.querySelector(".na-sr").textContent,
        row.querySelector(".na-node-counts").textContent,
    ])"""

# How many pixels of the lanes have a colour, between two shares of the width.
_PIXELS = """(canvas, [from, to, colour]) => {
    const pen = canvas.getContext("2d");
    const left = Math.round(canvas.width * from);
    const width = Math.max(1, Math.round(canvas.width * (to - from)));
    const { data } = pen.getImageData(left, 0, width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4)
        if (Math.abs(data[i] - colour[0]) < 12 && Math.abs(data[i + 1] - colour[1]) < 12
            && Math.abs(data[i + 2] - colour[2]) < 12 && data[i + 3] > 200) found += 1;
    return found;
}"""

DONE, FAILED, RUNNING = [0, 158, 115], [213, 94, 0], [0, 114, 178]


class EventsView:
    """One view of an event panel.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that shows it.
    nth
        Which one in that cell.
    """

    def __init__(self, notebook: Notebook, index: int, nth: int = 0) -> None:
        self._notebook = notebook
        self.page = notebook.page
        self.output = notebook.output(index)
        self.root: Locator = self.output.locator(".na-events").nth(nth)
        self.slider = self.root.get_by_role("slider", name="moment")
        self.filter = self.root.get_by_label("filter", exact=True)
        self.log = self.root.get_by_role("grid")
        self.tree = self.root.get_by_role("tree")
        self.canvas = self.root.locator(".na-lanes-canvas")

    def choose(self, tab: str) -> None:
        """Choose a tab."""
        self.root.get_by_role("tab", name=tab, exact=True).click()

    def button(self, name: str) -> Locator:
        """Return a button by its label."""
        return self.root.get_by_role("button", name=name, exact=True)

    def in_sight(self) -> None:
        """Scroll so that the whole panel can be seen."""
        self.slider.scroll_into_view_if_needed()
        self.page.wait_for_timeout(100)

    # -- what is shown

    @property
    def clock(self) -> str:
        """Return the time of the moment and of the end."""
        return self.root.locator(".na-times").inner_text()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the log that are in sight."""
        rows: list[dict[str, Any]] = self.log.evaluate(_ROWS)
        return rows

    @property
    def nodes(self) -> list[list[str]]:
        """Return level, name, phase and counts of each line of the tree in sight."""
        nodes: list[list[str]] = self.tree.evaluate(_NODES)
        return nodes

    def pixels(self, colour: list[int], *, start: float = 0.0, end: float = 1.0) -> int:
        """Return how many pixels of the lanes have a colour, in a part of the width."""
        found: int = self.canvas.evaluate(_PIXELS, [start, end, colour])
        return found

    # -- what a person does

    def drag(self, share: float, *, steps: int = 6, hold: bool = False) -> None:
        """Drag the slider to a share of its width by the mouse."""
        self.in_sight()
        box = self.slider.bounding_box()
        assert box is not None
        now = self.slider.evaluate("(range) => range.value / range.max")
        y = box["y"] + box["height"] / 2

        def x(part: float) -> float:
            # The thumb's middle goes from half a thumb to half a thumb.
            return box["x"] + 7.5 + part * (box["width"] - 15)

        mouse = self.page.mouse
        mouse.move(x(now), y)
        mouse.down()
        mouse.move(x(share), y, steps=steps)
        if not hold:
            mouse.up()

    def wait_for(self, script: str, *arguments: Any) -> None:  # noqa: ANN401
        """Wait until a condition on the panel's element holds."""
        self.page.wait_for_function(
            f"([root, ...rest]) => ({script})(root, ...rest)",
            arg=[self.root.element_handle(), *arguments],
        )

    def wait_for_clock(self, text: str) -> None:
        """Wait until the time of the moment begins so."""
        self.wait_for(
            "(root, text) => root.querySelector('.na-times').textContent"
            ".startsWith(text)",
            text,
        )

    def wait_for_rows(self, count: int) -> None:
        """Wait until so many rows have come."""
        self.wait_for(
            "(root, count) => [...root.querySelectorAll('.na-v-row')].filter((row) =>"
            " !row.hidden && row.children[0].textContent !== '…').length >= count",
            count,
        )

    def wait_for_text(self, text: str) -> None:
        """Wait until the panel shows a text somewhere."""
        self.root.get_by_text(text).first.wait_for()

    def wait_for_words(self, text: str) -> None:
        """Wait until the words about what is pointed at in the timeline have a text."""
        self.root.locator(".na-span-words", has_text=text).wait_for()
