"""What people type, as words: nothing in it is syntax."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["match_all", "match_any", "words_of"]

# Letters, digits and the marks on them, as the tokenizer of FTS5 sees them.
_WORD = re.compile(r"[\w\u0300-\u036f]+")

_MOST = 200
"""Different words of a query that count."""


def words_of(query: str, *, most: int | None = _MOST) -> list[str]:
    """Return the different words of a query, in order; the first 200, or all.

    Examples
    --------
    >>> words_of('tea AND (tea OR "milk*")')
    ['tea', 'AND', 'OR', 'milk']
    """
    found = _WORD.findall(unicodedata.normalize("NFC", query))
    return list(dict.fromkeys(found))[:most]


def match_any(query: str) -> str:
    """Return the FTS5 expression for texts with any word of a query; "" without words.

    Examples
    --------
    >>> match_any("tea -milk")
    '"tea" OR "milk"'
    """
    return " OR ".join(map(_quoted, words_of(query)))


def match_all(query: str) -> str:
    """Return the FTS5 expression for texts with every word of a query, all of them.

    Examples
    --------
    >>> match_all("tea OR milk")
    '"tea" AND "OR" AND "milk"'
    """
    return " AND ".join(map(_quoted, words_of(query, most=None)))


def _quoted(word: str) -> str:
    return f'"{word}"'
