"""Who may grant, who holds what implicitly, and what ListPermissions tells to whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lakeformation.datalake import IAM_ALLOWED, Lake, code_of, refusal_of

NOT_GRANTOR = "Resource does not exist or requester is not authorized to access requested permissions."


def columns(*names: str, database: str) -> dict[str, Any]:
    return {"TableWithColumns": {"DatabaseName": database, "Name": "t", "ColumnNames": list(names)}}


def whole(database: str, name: str = "t") -> dict[str, Any]:
    return {"Table": {"DatabaseName": database, "Name": name}}


@pytest.fixture(scope="module")
def sales(lake: Lake) -> str:
    """A database with a table t."""
    lake.database("sales")
    lake.table("sales")
    return "sales"


def test_somebody_without_the_grant_option_cannot_grant(lake: Lake, sales: str) -> None:
    """SELECT alone may not be passed on; the refusal is the same for a table that does not exist."""
    lake.grant("clerk", whole(sales), ["SELECT"])
    clerk = lake.as_person("clerk", "lakeformation")
    for on in (whole(sales), columns("a", database=sales), whole(sales, "nope"), {"Database": {"Name": sales}}):
        refused = refusal_of(lake.grant, "friend", on, ["DESCRIBE" if "Database" in on else "SELECT"], client=clerk)
        assert refused == ("AccessDeniedException", NOT_GRANTOR)


def test_the_grant_option_on_columns_reaches_those_columns_only(lake: Lake, sales: str) -> None:
    """Who holds SELECT on a and b with the grant option may grant a, not c, not the table."""
    lake.grant("lead", columns("a", "b", database=sales), ["SELECT"], ["SELECT"])
    lead = lake.as_person("lead", "lakeformation")
    lake.grant("junior", columns("a", database=sales), ["SELECT"], client=lead)
    assert code_of(lake.grant, "junior", columns("a", "c", database=sales), ["SELECT"], client=lead)
    assert code_of(lake.grant, "junior", whole(sales), ["SELECT"], client=lead)
    shown = lake.as_person("junior", "glue").get_table(DatabaseName=sales, Name="t")["Table"]["StorageDescriptor"]
    assert [column["Name"] for column in shown["Columns"]] == ["a"]
    lake.revoke("junior", columns("a", database=sales), ["SELECT"], client=lead)
    assert code_of(lake.as_person("junior", "glue").get_table, DatabaseName=sales, Name="t") == "AccessDeniedException"


def test_the_grant_option_alone_can_be_revoked(lake: Lake, sales: str) -> None:
    """Revoking PermissionsWithGrantOption leaves the permission."""
    on = {"Table": {"DatabaseName": sales, "Name": "t"}}
    lake.grant("deputy", on, ["INSERT", "DESCRIBE"], ["INSERT"])
    deputy = lake.as_person("deputy", "lakeformation")
    lake.grant("junior2", on, ["INSERT"], client=deputy)
    lake.revoke("deputy", on, [], ["INSERT"])
    assert code_of(lake.grant, "junior2", on, ["INSERT"], client=deputy) == "AccessDeniedException"
    held = lake.listed(Principal={"DataLakePrincipalIdentifier": lake.person("deputy")})
    assert [(row["Permissions"], row["PermissionsWithGrantOption"]) for row in held] == [(["DESCRIBE", "INSERT"], [])]


def test_an_administrator_sees_all_metadata_and_holds_nothing_else(lake: Lake) -> None:
    """Implicit rights: DESCRIBE, data locations, granting; no SELECT, ALTER, DROP on what others made."""
    lake.put_settings(
        DataLakeAdmins=[
            {"DataLakePrincipalIdentifier": arn} for arn in (lake.administrator, lake.person("second-admin"))
        ]
    )
    lake.database("theirs")
    lake.table("theirs")
    glue = lake.as_person("second-admin", "glue")
    table = glue.get_table(DatabaseName="theirs", Name="t")["Table"]
    assert len(table["StorageDescriptor"]["Columns"]) == 4
    answer = glue.get_unfiltered_table_metadata(
        CatalogId=lake.embedded.account_id,
        DatabaseName="theirs",
        Name="t",
        SupportedPermissionTypes=["COLUMN_PERMISSION"],
    )
    assert answer["AuthorizedColumns"] == []
    refused = ("AccessDeniedException", "Insufficient Lake Formation permission(s): Required {} on t")
    assert refusal_of(glue.delete_table, DatabaseName="theirs", Name="t") == (refused[0], refused[1].format("Drop"))
    changed = lake.table_input("theirs", "t")
    assert refusal_of(glue.update_table, DatabaseName="theirs", TableInput=changed) == (
        refused[0],
        refused[1].format("Alter"),
    )
    lake.grant("second-admin", whole("theirs"), ["DROP"], client=lake.as_person("second-admin", "lakeformation"))
    glue.delete_table(DatabaseName="theirs", Name="t")


def test_a_creator_holds_everything_with_the_grant_option(lake: Lake) -> None:
    """Who creates a database or table holds all permissions on it and may grant them; others hold nothing."""
    lake.grant("maker", {"Catalog": {}}, ["CREATE_DATABASE"])
    lake.grant("maker", {"DataLocation": {"ResourceArn": "arn:aws:s3:::lake/governed"}}, ["DATA_LOCATION_ACCESS"])
    glue = lake.as_person("maker", "glue")
    glue.create_database(DatabaseInput={"Name": "made", "CreateTableDefaultPermissions": []})
    glue.create_table(DatabaseName="made", TableInput=lake.table_input("made", "t"))
    lake.grant("guest", whole("made"), ["SELECT"], client=lake.as_person("maker", "lakeformation"))
    found = lake.as_person("guest", "glue").get_table(DatabaseName="made", Name="t")["Table"]
    assert found["CreatedBy"].endswith("assumed-role/maker/session")
    assert code_of(lake.as_person("guest", "glue").delete_table, DatabaseName="made", Name="t")
    rows = lake.listed(Resource=whole("made"), client=lake.as_person("maker", "lakeformation"))
    own = [row for row in rows if row["Principal"]["DataLakePrincipalIdentifier"] == lake.person("maker")]
    assert sorted(p for row in own for p in row["Permissions"]) == sorted(
        ["ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"]
    )
    assert all(row["Permissions"] == row["PermissionsWithGrantOption"] for row in own)


def test_select_on_a_whole_table_is_listed_as_a_column_wildcard(lake: Lake, sales: str) -> None:
    """ListPermissions by Table shows table, column and wildcard grants, SELECT apart from the rest."""
    lake.database("forms")
    lake.table("forms")
    lake.grant("f1", whole("forms"), ["SELECT", "INSERT"])
    lake.grant("f2", columns("c", "a", database="forms"), ["SELECT"])
    lake.grant("f3", {"Table": {"DatabaseName": "forms", "TableWildcard": {}}}, ["SELECT"])
    catalog = lake.embedded.account_id
    table = {"CatalogId": catalog, "DatabaseName": "forms", "Name": "t"}
    shown = {
        (row["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2], *row["Resource"]): (
            next(iter(row["Resource"].values())),
            row["Permissions"],
        )
        for row in lake.listed(Resource=whole("forms"))
    }
    assert shown["f1", "Table"] == (table, ["INSERT"])
    assert shown["f1", "TableWithColumns"] == ({**table, "ColumnWildcard": {}}, ["SELECT"])
    assert shown["f2", "TableWithColumns"] == ({**table, "ColumnNames": ["c", "a"]}, ["SELECT"])
    wildcard = lake.listed(Resource={"Table": {"DatabaseName": "forms", "TableWildcard": {}}})
    assert [row["Resource"]["TableWithColumns"]["Name"] for row in wildcard] == ["ALL_TABLES"]


def test_listing_for_a_principal_and_a_resource_is_effective(lake: Lake) -> None:
    """A grant on all tables is shown on the table; a column grant as it was granted."""
    lake.database("effective")
    lake.table("effective")
    lake.grant("e1", {"Table": {"DatabaseName": "effective", "TableWildcard": {}}}, ["SELECT", "INSERT"])
    lake.grant("e2", columns("a", database="effective"), ["SELECT"])
    catalog = {"CatalogId": lake.embedded.account_id, "DatabaseName": "effective", "Name": "t"}

    def rows(who: str) -> list[tuple[Any, list[str]]]:
        principal = {"DataLakePrincipalIdentifier": lake.person(who)}
        found = lake.listed(Principal=principal, Resource=whole("effective"))
        return [(row["Resource"], row["Permissions"]) for row in found]

    assert rows("e1") == [
        ({"Table": catalog}, ["INSERT"]),
        ({"TableWithColumns": {**catalog, "ColumnWildcard": {}}}, ["SELECT"]),
    ]
    assert rows("e2") == [({"TableWithColumns": {**catalog, "ColumnNames": ["a"]}}, ["SELECT"])]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pages_of_list_permissions_are_complete_and_without_duplicates(lake: Lake, sales: str, size: int) -> None:
    """Whatever the size of the pages, all rows come exactly once, in the same order."""
    for number in range(5):
        lake.grant(f"pager{number}", columns("a", "n", database=sales), ["SELECT"])
    assert lake.listed(size) == lake.listed()
    assert len({str(row["Principal"]) + str(row["Resource"]) for row in lake.listed(size)}) == len(lake.listed(size))


def test_a_forged_page_token_is_refused(lake: Lake) -> None:
    """NextToken must be one that a page has given."""
    assert code_of(lake.lf.list_permissions, NextToken="###") == "InvalidInputException"


def test_others_grants_tell_no_hidden_columns(lake: Lake) -> None:
    """A principal sees its own grants, and of others' only those that name nothing hidden from it."""
    lake.database("quiet")
    lake.table("quiet")
    lake.grant("q1", columns("a", database="quiet"), ["SELECT"])
    lake.grant("q2", columns("a", "b", database="quiet"), ["SELECT"])
    lake.grant("q3", columns("a", database="quiet"), ["SELECT"])
    rows = lake.listed(Resource=whole("quiet"), client=lake.as_person("q1", "lakeformation"))
    seen = {row["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2] for row in rows}
    assert "q1" in seen and "q2" not in seen
    assert "'b'" not in str(rows)
    assert lake.listed(Resource=whole("quiet"), client=lake.as_person("stranger", "lakeformation")) == []


def test_a_table_with_columns_cannot_be_listed(lake: Lake, sales: str) -> None:
    """ListPermissions does not support it (API reference)."""
    assert code_of(lake.lf.list_permissions, Resource=columns("a", database=sales)) == "InvalidInputException"


def test_batches_report_each_failure_and_do_the_rest(lake: Lake, sales: str) -> None:
    """A bad entry is in Failures with its code; the good ones are granted, and revoked."""
    principal = {"DataLakePrincipalIdentifier": lake.person("batched")}
    entries = [
        {"Id": "1", "Principal": principal, "Resource": columns("a", database=sales), "Permissions": ["SELECT"]},
        {"Id": "2", "Principal": principal, "Resource": columns("nope", database=sales), "Permissions": ["SELECT"]},
        {"Id": "3", "Principal": principal, "Resource": columns("n", database=sales), "Permissions": ["SELECT"]},
    ]
    failures = lake.lf.batch_grant_permissions(Entries=entries)["Failures"]
    assert [(one["RequestEntry"]["Id"], one["Error"]["ErrorCode"]) for one in failures] == [
        ("2", "InvalidInputException")
    ]
    (row,) = lake.listed(Principal=principal)
    assert row["Resource"]["TableWithColumns"]["ColumnNames"] == ["a", "n"]
    failures = lake.lf.batch_revoke_permissions(Entries=entries)["Failures"]
    assert [one["RequestEntry"]["Id"] for one in failures] == ["2"]
    assert lake.listed(Principal=principal) == []


def test_grants_at_a_path_are_found(lake: Lake) -> None:
    """GetEffectivePermissionsForPath lists grants on the tables at a path, and on no other."""
    lake.database("paths")
    lake.table("paths", "one")
    lake.table("paths", "two")
    lake.grant("pathfinder", whole("paths", "one"), ["SELECT"])
    found = lake.lf.get_effective_permissions_for_path(ResourceArn="arn:aws:s3:::lake/governed/paths/one")
    tables = {next(iter(row["Resource"].values()))["Name"] for row in found["Permissions"]}
    who = {row["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2] for row in found["Permissions"]}
    assert tables == {"one"}
    assert who == {"pathfinder", "administrator"}


def test_a_grant_survives_its_role_and_can_be_revoked_after_it(lake: Lake, sales: str) -> None:
    """Grants are kept by ARN (API reference, GrantPermissions); revoking does not ask whether the role exists."""
    arn = lake.person("leaver")
    lake.grant("leaver", whole(sales), ["SELECT"])
    lake.iam.delete_role_policy(RoleName="leaver", PolicyName="all")
    lake.iam.delete_role(RoleName="leaver")
    assert code_of(lake.grant, arn, whole(sales), ["SELECT"]) == "InvalidInputException"
    lake.revoke(arn, whole(sales), ["SELECT"])


def test_iam_allowed_principals_is_taken_off_database_and_table(lake: Lake) -> None:
    """A database made with the defaults is open to all; after the two revocations it is not."""
    lake.database("opened", iam_only=True)
    lake.table("opened")
    glue = lake.as_person("outsider", "glue")
    assert glue.get_table(DatabaseName="opened", Name="t")
    lake.revoke(IAM_ALLOWED, whole("opened"), ["ALL"])
    assert code_of(glue.get_table, DatabaseName="opened", Name="t") == "AccessDeniedException"
    assert glue.get_tables(DatabaseName="opened")["TableList"] == []
    lake.revoke(IAM_ALLOWED, {"Database": {"Name": "opened"}}, ["ALL"])
    assert code_of(glue.get_tables, DatabaseName="opened") == "AccessDeniedException"
    assert "opened" not in [one["Name"] for one in glue.get_databases()["DatabaseList"]]
