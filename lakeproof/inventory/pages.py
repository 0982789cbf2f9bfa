"""Every page of a list, whether boto3 has a paginator for it or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def listed(client: Any, method: str, key: str, *, token: str = "NextToken", **request: Any) -> Iterator[Any]:
    """The items under ``key`` of every page of ``client.<method>(**request)``.

    ``token`` is the name of the token in the answer and, where boto3 has no paginator, in the next request too.
    Raises RuntimeError if a page leads back to itself, as boto3's paginators raise PaginationError.
    """
    if client.can_paginate(method):
        for page in client.get_paginator(method).paginate(**request):
            yield from page.get(key, ())
        return
    while True:
        page = getattr(client, method)(**request)
        yield from page.get(key, ())
        if not page.get(token):
            return
        if page[token] == request.get(token):
            raise RuntimeError(f"{method}: the same {token} came twice, the list has no end")
        request[token] = page[token]
