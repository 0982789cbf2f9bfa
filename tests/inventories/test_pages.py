"""A list is read to its end, whatever its pages look like; one that has no end is an error."""

from __future__ import annotations

import pytest

from lakeproof.inventory.pages import listed
from tests.inventories.paged import Paged

ITEMS = [f"item-{number}" for number in range(5)]


def test_a_list_that_leads_back_to_itself_is_an_error() -> None:
    """The same token twice would be read for ever."""
    client = Paged(list_permissions={"Items": ["a"], "NextToken": "same"})
    with pytest.raises(RuntimeError, match="list_permissions: the same NextToken came twice"):
        list(listed(client, "list_permissions", "Items"))


@pytest.mark.parametrize("paginators", [(), ("list_things",)], ids=["by token", "by paginator"])
def test_every_page_is_read(paginators: tuple[str, ...]) -> None:
    """Five pages of one item and an empty one: five items, with the caller's own parameters in each request."""
    client = Paged(list_things=("Items", ITEMS), paginators=paginators)
    assert list(listed(client, "list_things", "Items", Of="me")) == ITEMS
    assert all(request["Of"] == "me" for _, request in client.asked)


@pytest.mark.parametrize("answer", [{}, {"Items": []}], ids=["no member", "an empty member"])
def test_a_list_of_nothing_is_empty(answer: dict[str, list[str]]) -> None:
    """AWS leaves the member out, or leaves it empty."""
    assert list(listed(Paged(list_things=answer), "list_things", "Items")) == []
