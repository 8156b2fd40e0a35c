"""What Solr is asked, and what it answers, in its own words.

By the reference guide of Solr: "Indexing with Update Handlers", "Extended DisMax Query
Parser" and "Pagination of Results".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notebook_async.retrieval._query import words_of
from notebook_async.retrieval._records import Chunk, Hit
from notebook_async.retrieval._sqlite_rows import storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notebook_async.retrieval._records import PreparedDocument

__all__ = [
    "FIELDS",
    "any_of",
    "documents_of",
    "edismax",
    "hit_of",
    "page_of",
    "parts_of",
    "why_of",
]

FIELDS = "chunk_id_s,document_id_s,index_i,start_i,end_i,text_t,metadata_t,score"

# A query has 1,024 clauses at most, unless the server says otherwise.
_IDS_AT_ONCE = 500


def why_of(response: Any, answer: Any) -> str:  # noqa: ANN401 - of httpx, and of JSON
    """Return what the server says is wrong, or else its status."""
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        return str(answer["error"].get("msg", answer["error"]))
    if response.is_success:
        return "what it answers is no JSON of Solr"
    return f"{response.status_code} {response.reason_phrase}"


def documents_of(one: PreparedDocument) -> Iterator[dict[str, Any]]:
    """Yield what Solr keeps of a document, with that which says it is whole last."""
    document = storable(one.document.id)
    for chunk in one.chunks:
        key = storable(chunk.id)
        yield {
            "id": f"chunk:{key}",
            "kind_s": "chunk",
            "document_id_s": document,
            "chunk_id_s": key,
            "index_i": chunk.index,
            "start_i": chunk.start,
            "end_i": chunk.end,
            "text_t": storable(chunk.text),
            "metadata_t": json.dumps(dict(chunk.metadata)),
        }
    yield {
        "id": f"document:{document}",
        "kind_s": "document",
        "document_id_s": document,
        "fingerprint_s": storable(one.fingerprint),
    }


def hit_of(found: dict[str, Any], source: str) -> Hit:
    chunk = Chunk(
        id=found["chunk_id_s"],
        document_id=found["document_id_s"],
        index=found["index_i"],
        text=found["text_t"],
        start=found["start_i"],
        end=found["end_i"],
        metadata=json.loads(found["metadata_t"]),
    )
    return Hit(chunk=chunk, score=found["score"], source=source)


def edismax(query: str, *, least: str) -> dict[str, Any]:
    """Return the parameters of a search for words, of which so many are needed."""
    # In quotes not even AND is an operator; and no field can be named.
    # Where every word is needed none is left out: more would be found, and deleted.
    found = words_of(query) if least == "1" else words_of(query, most=None)
    words = " ".join(f'"{word}"' for word in found)
    return {
        "defType": "edismax",
        "q": words,
        "qf": "text_t",
        "uf": "-*",
        "mm": least,
        "fq": "kind_s:chunk",
    }


def page_of(mark: str) -> dict[str, str]:
    return {"sort": "id asc", "cursorMark": mark}


def any_of(field: str, values: Sequence[str]) -> str:
    """Return a query of Lucene's syntax for documents with one of these values."""
    escaped = (value.replace("\\", r"\\").replace('"', r"\"") for value in values)
    quoted = " OR ".join(f'"{value}"' for value in escaped)
    return f"{field}:({quoted})"


def parts_of(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[at : at + _IDS_AT_ONCE] for at in range(0, len(ids), _IDS_AT_ONCE)]
