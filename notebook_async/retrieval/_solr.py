"""A store on a search server: a collection of Apache Solr."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from notebook_async.core._options import integer, seconds
from notebook_async.errors import SolrError, StoreClosedError
from notebook_async.retrieval._extras import needed
from notebook_async.retrieval._loops import PerLoop
from notebook_async.retrieval._query import words_of
from notebook_async.retrieval._solr_words import (
    FIELDS,
    any_of,
    documents_of,
    edismax,
    hit_of,
    page_of,
    parts_of,
    why_of,
)
from notebook_async.retrieval._splitter import SentenceSplitter
from notebook_async.retrieval._sqlite_rows import batches, prepared, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from notebook_async.retrieval._records import Document, Hit, PreparedDocument

__all__ = ["SolrTextStore"]

Client: TypeAlias = Any
"""An `httpx.AsyncClient`."""

Command: TypeAlias = tuple[str, dict[str, Any]]
"""What Solr is to do, and with what."""

_PAGE = 1000


class SolrTextStore:
    """Keeps documents in a collection of Solr, and finds their chunks by words.

    Each chunk is a document of Solr, and so is what is known of the whole. Fields are
    named by the patterns of Solr's own `_default` configuration, such as `text_t`, so
    that it needs no other. Embeddings are not kept.

    Parameters
    ----------
    url
        Of the server, such as `http://localhost:8983/solr`.
    collection
        Name of the collection or core.
    name
        What hits call their source; the collection by default.
    splitter
        Splits documents that were added without chunks.
    timeout
        Seconds > 0 for a request.
    client_options
        More for `httpx.AsyncClient`, such as `auth` or `headers`.

    Notes
    -----
    Solr has no transactions. A document counts as stored once its last part is, which
    `fingerprints` tells; what a failed call left of one is replaced when it is added
    again, but may be found until then.

    How texts are split into words and ranked is the server's matter.

    Examples
    --------
    ::

        async with SolrTextStore("http://localhost:8983/solr", "notes") as store:
            await store.add([Document("a.txt", "Tea is ready.")])
            hits = await store.search("Is there tea?")
    """

    def __init__(  # noqa: PLR0913 - options are named by the caller
        self,
        url: str,
        collection: str,
        *,
        name: str | None = None,
        splitter: SentenceSplitter | None = None,
        timeout: float = 30.0,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        self._httpx = needed("httpx", "SolrTextStore")
        self._options = {
            "timeout": seconds("timeout", timeout, positive=True),
            **(client_options or {}),
            "base_url": f"{url.rstrip('/')}/{collection}/",
        }
        self._clients: PerLoop[Client] = PerLoop(
            lambda: self._httpx.AsyncClient(**self._options),
            lambda client: client.aclose(),
        )
        self.name = collection if name is None else name
        self._splitter = SentenceSplitter() if splitter is None else splitter
        self._closed = False

    async def add(self, documents: Iterable[Document | PreparedDocument]) -> int:
        """Store documents; return how many.

        One of an id that is there already replaces it with all its chunks.

        Raises
        ------
        SolrError
            If the server cannot be reached, or refuses.

        Examples
        --------
        ::

            await store.add([Document("a.txt", "Tea is ready.")])
        """
        self._check()
        added = 0
        for batch in batches(documents):
            # Splitting takes its time.
            await self._update(await asyncio.to_thread(self._adding, batch))
            added += len(batch)
        return added

    async def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return the best chunks that have any word of a query, best first.

        Parameters
        ----------
        query
            Any text; nothing in it is syntax. Its first 200 different words count.
        limit
            How many hits at most, >= 1.

        Examples
        --------
        ::

            await store.search("Is there tea?")
        """
        limit = integer("limit", limit, least=1)
        self._check()
        if not words_of(query):
            return []
        answer = await self._select(
            {
                **edismax(query, least="1"),
                "fl": FIELDS,
                "sort": "score desc,id asc",
                "rows": limit,
            }
        )
        return [hit_of(found, self.name) for found in answer["docs"]]

    async def fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the fingerprints of those documents that are stored whole.

        Examples
        --------
        ::

            await store.fingerprints(["a.txt", "b.txt"])
        """
        self._check()
        asked = {storable(key): key for key in ids}
        found: dict[str, str] = {}
        for part in parts_of(list(asked)):
            answer = await self._select(
                {
                    "q": any_of("document_id_s", part),
                    "fq": "kind_s:document",
                    "fl": "document_id_s,fingerprint_s",
                    "rows": len(part),
                }
            )
            for one in answer["docs"]:
                found[asked[one["document_id_s"]]] = one["fingerprint_s"]
        return found

    async def delete_by_id(self, ids: Sequence[str]) -> int:
        """Delete these documents; return how many there were.

        Examples
        --------
        ::

            await store.delete_by_id(["a.txt"])
        """
        known = await self.fingerprints(ids)
        for part in parts_of([storable(key) for key in ids]):
            await self._update([("delete", {"query": any_of("document_id_s", part)})])
        return len(known)

    async def delete_by_query(self, query: str) -> int:
        """Delete the documents of which a chunk has every word of a query.

        That is less than what a search finds, which takes any of its words.

        Returns
        -------
        int
            How many there were; 0 for a query without words.

        Examples
        --------
        ::

            await store.delete_by_query("obsolete draft")
        """
        self._check()
        if not words_of(query):
            return 0
        doomed: dict[str, None] = {}
        asked = {**edismax(query, least="100%"), "fl": "document_id_s", "rows": _PAGE}
        before, mark = "", "*"
        while mark != before:
            answer = await self._ask("select", asked | page_of(mark))
            doomed |= {one["document_id_s"]: None for one in answer["response"]["docs"]}
            before, mark = mark, answer["nextCursorMark"]
        await self.delete_by_id(list(doomed))
        return len(doomed)

    async def clear_collection(self) -> None:
        """Delete every document that such a store has added.

        Examples
        --------
        ::

            await store.clear_collection()
        """
        self._check()
        await self._update([("delete", {"query": "kind_s:(document OR chunk)"})])

    async def aclose(self) -> None:
        """Close the connections, each on the loop that made it.

        Examples
        --------
        ::

            await store.aclose()
        """
        self._closed = True
        await self._clients.aclose()

    async def __aenter__(self) -> Self:
        self._check()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"SolrTextStore({self.name!r})"

    def _check(self) -> None:
        if self._closed:
            raise StoreClosedError(self.name)

    async def _client(self) -> Client:
        if "verify" not in self._options:
            # Reading the certificates takes tens of milliseconds.
            context = await asyncio.to_thread(self._httpx.create_ssl_context)
            self._options["verify"] = context
        return await self._clients.get()

    def _adding(
        self, documents: Sequence[Document | PreparedDocument]
    ) -> list[Command]:
        """Return the commands that put documents in place of what has their ids."""
        whole = [prepared(document, self._splitter) for document in documents]
        known = {storable(one.document.id): one for one in whole}
        commands: list[Command] = [
            ("delete", {"query": any_of("document_id_s", list(known))})
        ]
        for one in known.values():
            commands += (("add", {"doc": fields}) for fields in documents_of(one))
        return commands

    async def _select(self, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = await self._ask("select", parameters)
        response: dict[str, Any] = answer["response"]
        return response

    async def _ask(self, handler: str, parameters: dict[str, Any]) -> dict[str, Any]:
        # As a form: a query may be longer than an address.
        return await self._post(handler, data={**parameters, "wt": "json"})

    async def _update(self, commands: Sequence[Command]) -> None:
        """Send commands, which are carried out in order and committed together."""
        await self._post(
            "update",
            params={"commit": "true", "wt": "json"},
            content=await asyncio.to_thread(_body_of, commands),
            headers={"Content-Type": "application/json"},
        )

    async def _post(self, handler: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as httpx takes it
        self._check()
        try:
            client = await self._client()
            response = await client.post(handler, **request)
        except self._httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise SolrError(self.name, f"it cannot be reached: {why}") from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success and isinstance(answer, dict):
            return answer
        raise SolrError(
            self.name, why_of(response, answer), status=response.status_code
        )


def _body_of(commands: Sequence[Command]) -> bytes:
    # The format repeats its keys, which no dictionary can.
    parts = ",".join(f'"{name}":{json.dumps(value)}' for name, value in commands)
    return f"{{{parts}}}".encode()
