"""How the operations reach Codat: paths, single reads, paged reads."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from xero_sync.codat.body_values import encode
from xero_sync.codat.verdicts import Answer, unreadable

PAGE_SIZE = 100
LARGEST_PAGE = 1_000
MOST_PAGES = 1_000
QUERY_CHARACTERS = 2_048

Record = TypeVar("Record")
Fields = Mapping[str, Any]


def path(*pieces: str | UUID) -> str:
    """Join pieces to a path, each of them encoded, so that no id can leave its place.

    Raises:
        ValueError: a piece is empty or a dot segment.
    """
    written = [str(piece) for piece in pieces]
    if any(piece in {"", ".", ".."} for piece in written):
        raise ValueError("a piece of the path is missing")
    return "".join(f"/{quote(piece, safe='')}" for piece in written)


class Calls(ABC):
    """What the operations are built on; the client supplies `_call`."""

    @abstractmethod
    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        idempotency_key: UUID | None = None,
    ) -> Answer:
        """Make one HTTP exchange and return its answer, which is a 2xx."""

    def _get(self, path: str) -> Answer:
        return self._call("GET", path)

    def _write(
        self,
        method: str,
        path: str,
        body: Fields | None = None,
        *,
        params: Mapping[str, str] | None = None,
        idempotency_key: UUID | None = None,
    ) -> Answer:
        return self._call(
            method,
            path,
            params=params,
            body=None if body is None else encode(body),
            idempotency_key=idempotency_key,
        )

    def _all(
        self,
        path: str,
        read: Callable[[Fields], Record],
        *,
        query: str | None = None,
        tags: str | None = None,
    ) -> list[Record]:
        pages = self._pages(path, query=query, tags=tags, page_size=LARGEST_PAGE)
        return [read(item) for _, items in pages for item in items]

    def _pages(
        self,
        path: str,
        *,
        query: str | None = None,
        order_by: str | None = None,
        tags: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[tuple[Answer, list[Fields]]]:
        """Yield every page; we count, the links only say whether one follows.

        Raises:
            CodatOutcomeUnknown: the pages do not come to an end.
        """
        params = _page_params(page_size, query=query, orderBy=order_by, tags=tags)
        previous: list[Fields] | None = None
        for number in range(1, MOST_PAGES + 1):
            answer = self._call("GET", path, params={**params, "page": str(number)})
            items = _results(answer)
            if items == previous:
                raise unreadable(answer, "The same page was answered twice.")
            yield answer, items
            if not _has_next(answer):
                return
            previous = items
        raise unreadable(answer, "The list has no end.")


def an_object(answer: Answer) -> Fields:
    """Return the answer's object.

    Raises:
        CodatOutcomeUnknown: it is not one.
    """
    if not isinstance(answer.data, Mapping):
        raise unreadable(answer, "An object was expected.")
    return answer.data


def a_list(answer: Answer) -> list[Fields]:
    """Return the objects of an answer that is a bare list.

    Raises:
        CodatOutcomeUnknown: it is not one.
    """
    return _objects(answer, answer.data)


def _results(answer: Answer) -> list[Fields]:
    return _objects(answer, an_object(answer).get("results"))


def _objects(answer: Answer, found: Any) -> list[Fields]:
    if not isinstance(found, list) or not all(isinstance(i, Mapping) for i in found):
        raise unreadable(answer, "A list of objects was expected.")
    return found


def _has_next(answer: Answer) -> bool:
    links = an_object(answer).get("_links")
    following = links.get("next") if isinstance(links, Mapping) else None
    return isinstance(following, Mapping) and bool(following.get("href"))


def _page_params(page_size: int, **filters: str | None) -> dict[str, str]:
    if not PAGE_SIZE <= page_size <= LARGEST_PAGE:
        raise ValueError(f"page size must be {PAGE_SIZE} to {LARGEST_PAGE}")
    given = {name: value for name, value in filters.items() if value}
    if any(len(quote(value, safe="")) >= QUERY_CHARACTERS for value in given.values()):
        raise ValueError(f"a query must stay under {QUERY_CHARACTERS} characters")
    return {"pageSize": str(page_size), **given}
