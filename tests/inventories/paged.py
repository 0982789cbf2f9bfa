"""A client that answers in pages of one item, so that whoever reads only the first page is found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Paged:
    """``Paged(list_roles=("Roles", [a, b]))``: each method is asked by token, or, if it is named, by paginator.

    A method that gives a mapping answers with it at once; a callable is called with the request.
    """

    def __init__(self, *, paginators: Sequence[str] = (), **methods: Any) -> None:
        self._paginators = paginators
        self._methods = methods
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def can_paginate(self, method: str) -> bool:
        return method in self._paginators

    def get_paginator(self, method: str) -> Any:
        client = self

        class Paginator:
            def paginate(self, **request: Any) -> Iterator[Mapping[str, Any]]:
                client.asked.append((method, request))
                yield from client._pages(method, request)

        return Paginator()

    def __getattr__(self, method: str) -> Any:
        if method not in self._methods:
            raise AttributeError(method)

        def ask(**request: Any) -> Any:
            self.asked.append((method, dict(request)))
            answer = self._methods[method]
            if callable(answer):
                answer = answer(**request)
            if isinstance(answer, Mapping):
                return answer
            number = int(request.get("NextToken", 0))
            pages = list(self._pages(method, request))
            more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
            return {**pages[number], **more}

        return ask

    def _pages(self, method: str, request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        answer = self._methods[method]
        key, items = answer(**request) if callable(answer) else answer
        yield {}  # AWS may answer with an empty page and a token
        yield from ({key: [item]} for item in items)
