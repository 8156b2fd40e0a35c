"""Choose whom to ask, by what their summaries say."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from notebook_async.retrieval._extractors_text import terms

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["matching"]

# Below this part of the best score a summary has but a common word with the query.
_LEAST = 0.34


def matching(query: str, summaries: Mapping[str, str]) -> list[str]:
    """Return the names whose summaries match a query, the best first.

    A word counts the more, the fewer summaries have it. Where no summary matches, or
    one says nothing, nothing speaks against asking: all are returned, or that one too.
    """
    wanted = set(terms(query))
    has = {name: set(terms(text)) & wanted for name, text in summaries.items()}
    counts = Counter(term for found in has.values() for term in found)
    weights = {term: math.log(1 + len(has) / n) for term, n in counts.items()}
    scores = {name: sum(weights[t] for t in found) for name, found in has.items()}
    best = max(scores.values(), default=0.0)
    if not best:
        return list(summaries)
    ranked = sorted(scores, key=lambda name: -scores[name])
    return [
        name
        for name in ranked
        if scores[name] >= _LEAST * best or not summaries[name].strip()
    ]
