"""How wide words are in a picture, where nothing can measure them."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

__all__ = ["TIMES", "compact", "text_width"]

TIMES = "\N{MULTIPLICATION SIGN}"

# Widths in thousandths of the font size, those of DejaVu Sans: few readers have a wider
# font, so text fits its box in theirs too.
_WIDTHS = (
    ("ijlI'|", 300),
    (".,:;! ft()[]{}r/\\-", 410),
    ("cszJ_", 560),
    ("mwMW%@", 980),
    ("ABCDEFGHKLNOPQRSTUVXYZ", 760),
)
_WIDTH = {char: width for chars, width in _WIDTHS for char in chars}
_OTHER_ASCII = 640
_OTHER = 840
_FULL = 1000
_LAST_ASCII = "\x7f"
_THOUSANDS = ((1_000_000, "M"), (10_000, "k"))


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is, rather too wide than too narrow.

    Parameters
    ----------
    text
        One line.
    size
        The font size; the result has its unit.

    Examples
    --------
    >>> round(text_width("read", 10), 2)
    23.3
    """
    return sum(_char_width(char) for char in text) * size / 1000


def _char_width(char: str) -> int:
    if char <= _LAST_ASCII:
        return _WIDTH.get(char, _OTHER_ASCII)
    if combining(char):
        return 0
    return _FULL if east_asian_width(char) in "WF" else _OTHER


def compact(number: int) -> str:
    """Return a number in at most five characters or so.

    Examples
    --------
    >>> compact(1_520), compact(15_200), compact(2_300_000)
    ('1,520', '15k', '2M')
    """
    if number < _THOUSANDS[1][0]:
        return f"{number:,}"
    if number >= _THOUSANDS[0][0]:
        return f"{number // 1_000_000:,}M"
    return f"{number // 1000}k"
