"""Sentences and words of a text: what extracting, answering and routing go by."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["SentenceScores", "keywords", "sentences", "terms"]

_WORD = re.compile(r"[^\W\d_]\w*")

# A sentence ends at a full stop before a space and no small letter, or at an empty
# line; of a list or of code each line ends one.
_END = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[^\sa-z])|\n\s*\n|\n(?=\s*(?:[-*+#>|]|\d+\.\s))"
)

_LONGEST = 400

# What ends otherwise is a heading, a line of a table or of code.
_WHOLE = (".", "!", "?", "…", '."', ".)")
_OF_A_PART = 0.3

# A sentence of so few words says little, however much they weigh.
_FEW = 3

_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""))

# What is left of a word has so many letters.
_SHORTEST_STEM = 3

_FUNCTION_WORDS = """
a about above after again all also am an and any are as at be because been before being
below between both but by can could did do does doing down during each else few for
from further get give given had has have having he her here him his how i if in into is
it its just let may me might more most must my no nor not now of off on once one only
or other our out over own per same shall she should so some such tell than that the
their them then there these they this those through to too two under until up upon use
used uses using very was we were what when where whether which while who whom whose why
will with within without would you your
"""

_COMMON = frozenset(_FUNCTION_WORDS.split())


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, each on one line; very long ones are cut."""
    start = 0
    for end in _END.finditer(text):
        if sentence := _clean(text[start : end.start()]):
            yield sentence
        start = end.end()
    if sentence := _clean(text[start:]):
        yield sentence


def terms(text: str) -> list[str]:
    """Return the words that carry meaning, in small letters and without endings."""
    return [_stem(word) for word in words(text)]


def keywords(text: str, most: int) -> list[str]:
    """Return the words that a text uses most, each in its most frequent form."""
    forms: dict[str, dict[str, int]] = {}
    for word, count in Counter(words(text)).items():
        forms.setdefault(_stem(word), {})[word] = count
    ranked = sorted(forms.values(), key=lambda form: -sum(form.values()))[:most]
    return [max(form, key=form.__getitem__) for form in ranked]


def words(text: str) -> Iterator[str]:
    """Yield the words that carry meaning, in small letters."""
    # One match at a time: `findall` would hold the interpreter for the whole text.
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if len(word) > 1 and word not in _COMMON:
            yield word


class SentenceScores:
    """Says how well sentences stand for a text: they hold the words that it is about.

    Each sentence that is chosen makes its words count less for the next one, so that
    no two say the same.

    Notes
    -----
    SumBasic: Nenkova and Vanderwende, The Impact of Frequency on Summarization, 2005.
    """

    def __init__(self, counts: Counter[str]) -> None:
        whole = sum(counts.values()) or 1
        self._weights = {term: n / whole for term, n in counts.items()}

    def choose(self, candidates: Iterable[str], most: int) -> list[int]:
        """Return the positions of the best candidates, in the order of the text."""
        weights = dict(self._weights)
        chosen: list[int] = []
        texts = list(candidates)
        left = {i: set(terms(text)) for i, text in enumerate(texts)}

        def score(index: int) -> tuple[float, int]:
            total = sum(weights.get(term, 0.0) for term in left[index])
            if not texts[index].endswith(_WHOLE):
                total *= _OF_A_PART
            return total / (len(left[index]) + _FEW), -index

        while left and len(chosen) < most:
            best = max(left, key=score)
            if not left[best]:
                break
            for term in left.pop(best):
                weights[term] = weights.get(term, 0.0) ** 2
            chosen.append(best)
        return sorted(chosen)


def _clean(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST - 1].rsplit(' ', 1)[0]}…"


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS:
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= _SHORTEST_STEM
            and not word.endswith("ss")
        ):
            return word.removesuffix(ending) + instead
    return word
