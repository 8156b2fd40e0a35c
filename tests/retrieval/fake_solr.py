"""A fake of Solr: a small server of our own that answers as its documentation says.

It knows what `SolrTextStore` sends and nothing else: anything unknown is an error 400,
so that a test fails instead of agreeing with a mistake. It is no Solr: texts are split
at what is no letter, and a score is how often the words occur.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.retrieval.http_server import Answer

if TYPE_CHECKING:
    from tests.retrieval.http_server import Request

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LUCENE = re.compile(r"(\w+):\((.*)\)", re.DOTALL)
_SELECT = {
    "q",
    "fq",
    "fl",
    "rows",
    "sort",
    "wt",
    "cursorMark",
    "defType",
    "qf",
    "uf",
    "mm",
}


class FakeSolr:
    """One collection: what is committed, and what is not yet.

    Attributes
    ----------
    documents
        What is found, by the unique key `id`.
    fail_after
        Adds after which an update breaks off with an error 500, as on a full disk.
    """

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.pending: dict[str, dict[str, Any]] = {}
        self.fail_after: int | None = None

    async def answer(self, request: Request) -> Answer:
        """Answer one request as Solr would."""
        try:
            if request.path == "/solr/notes/select":
                return _json(200, response=self._select(request))
            if request.path == "/solr/notes/update":
                self._update(request)
                return _json(200)
        except KeyError as error:
            return _json(400, error={"msg": f"not understood: {error}", "code": 400})
        except OSError as error:
            return _json(500, error={"msg": str(error), "code": 500})
        return Answer(404, b"<html>no such collection</html>")

    def _update(self, request: Request) -> None:
        if request.method != "POST" or request.query != {
            "commit": ["true"],
            "wt": ["json"],
        }:
            raise KeyError(request.target)
        if request.headers["content-type"] != "application/json":
            raise KeyError(request.headers["content-type"])
        added = 0
        for command, value in json.loads(request.body, object_pairs_hook=list):
            values = dict(value)
            if command == "add" and set(values) == {"doc"}:
                if added == self.fail_after:
                    raise OSError("No space left on device")
                document = dict(values["doc"])
                if any(
                    len(v.encode()) > 32_766
                    for k, v in document.items()
                    if k.endswith("_s")
                ):
                    raise KeyError("immense term")
                self.pending[document["id"]] = document
                added += 1
            elif command == "delete" and set(values) == {"query"}:
                for key in list(self.pending):
                    if _matches(self.pending[key], values["query"]):
                        del self.pending[key]
            else:
                raise KeyError(command)
        self.documents = dict(self.pending)

    def _select(self, request: Request) -> dict[str, Any]:
        if not request.headers["content-type"].startswith("application/x-www-form"):
            raise KeyError("form")
        form = {
            k: v
            for k, (v,) in parse_qs(request.body.decode(), strict_parsing=True).items()
        }
        if set(form) - _SELECT or form["wt"] != "json":
            raise KeyError(set(form) - _SELECT)
        found = []
        for document in self.documents.values():
            filtered = "fq" not in form or _matches(document, form["fq"])
            score = _score(document, form) if filtered else 0
            if score:
                found.append({**document, "score": float(score)})
        return self._page(found, form)

    def _page(
        self, found: list[dict[str, Any]], form: dict[str, str]
    ) -> dict[str, Any]:
        found.sort(key=lambda document: document["id"])
        if form.get("sort") == "score desc,id asc":
            found.sort(key=lambda document: -document["score"])
        elif form.get("sort", "id asc") != "id asc":
            raise KeyError(form["sort"])
        start = 0
        mark = form.get("cursorMark", "*")
        if mark != "*":
            start = int(mark)
        page = found[start : start + int(form["rows"])]
        fields = form["fl"].split(",")
        docs = [{f: document[f] for f in fields if f in document} for document in page]
        answer: dict[str, Any] = {"numFound": len(found), "start": 0, "docs": docs}
        if "cursorMark" in form:
            # It stands beside the response; `_json` moves it there.
            answer["nextCursorMark"] = str(start + len(page)) if page else mark
        return answer


def _matches(document: dict[str, Any], query: str) -> bool:
    """Tell whether a query of the standard parser finds a document."""
    if re.fullmatch(r"kind_s:\w+", query):
        return bool(document["kind_s"] == query.partition(":")[2])
    match = _LUCENE.fullmatch(query)
    if match is None:
        raise KeyError(query)
    field, inside = match.groups()
    if field == "kind_s":
        return document["kind_s"] in inside.split(" OR ")
    left = _QUOTED.sub("", inside).replace(" OR ", "")
    if left or field != "document_id_s":
        raise KeyError(query)
    values = [
        re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        for value in _QUOTED.findall(inside)
    ]
    return document[field] in values


def _score(document: dict[str, Any], form: dict[str, str]) -> int:
    if "defType" not in form:
        return int(_matches(document, form["q"]))
    if (form["defType"], form["qf"], form["uf"]) != ("edismax", "text_t", "-*"):
        raise KeyError(form["defType"])
    words = _QUOTED.findall(form["q"])
    if _QUOTED.sub("", form["q"]).strip() or not words:
        raise KeyError(form["q"])
    texts = re.findall(r"\w+", document["text_t"].lower())
    counts = [texts.count(word.lower()) for word in words]
    needed = {"1": 1, "100%": len(words)}[form["mm"]]
    return sum(counts) if sum(map(bool, counts)) >= needed else 0


def _json(status: int, **more: Any) -> Answer:  # noqa: ANN401 - what is answered
    answer = {"responseHeader": {"status": 0 if status < 400 else status}, **more}
    if "nextCursorMark" in more.get("response", {}):
        answer["nextCursorMark"] = more["response"].pop("nextCursorMark")
    return Answer(status, json.dumps(answer).encode())
