"""What is refused, by whom, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.athena.lake import RESULTS, Lake


@pytest.mark.parametrize("name", ["customer", "nosuchcolumn"])
def test_a_hidden_column_and_a_missing_one_are_refused_alike(name: str, lake: Lake, limited: Any) -> None:
    """COLUMN_NOT_FOUND with the place in the query, category 2, type 1006, not retryable (captured)."""
    for sql, place in ((f"SELECT {name} FROM reviews", "1:8"), (f"SELECT stars,\n  {name}\nFROM reviews", "2:3")):
        status = lake.run(sql, limited)["Status"]
        expected = (
            f"COLUMN_NOT_FOUND: line {place}: Column '{name}' cannot be resolved or requester is not authorized to "
            "access requested resources"
        )
        assert status["StateChangeReason"] == expected
        assert {k: status["AthenaError"][k] for k in ("ErrorCategory", "ErrorType", "Retryable")} == {
            "ErrorCategory": 2, "ErrorType": 1006, "Retryable": False,
        }  # fmt: skip


def test_the_granted_columns_are_answered_in_table_order_with_the_partition_key(lake: Lake, limited: Any) -> None:
    """The twin: SELECT * gives the granted columns and the partition key, which cannot be hidden."""
    query_id = lake.start("SELECT * FROM reviews ORDER BY review_id LIMIT 2", limited)
    lake.athena(limited).get_query_execution(QueryExecutionId=query_id)
    found = lake.athena(limited).get_query_results(QueryExecutionId=query_id)["ResultSet"]
    assert [c["Name"] for c in found["ResultSetMetadata"]["ColumnInfo"]] == [
        "review_id",
        "product",
        "stars",
        "category",
    ]
    assert found["Rows"][1]["Data"] == [
        {"VarCharValue": "B0"}, {"VarCharValue": "p0"}, {}, {"VarCharValue": "Books"},
    ]  # fmt: skip


@pytest.mark.parametrize("table", ["reviews", "nosuchtable"])
def test_a_table_without_a_grant_and_a_missing_one_are_refused_alike(table: str, lake: Lake) -> None:
    """Lake Formation's text names the database where nothing of it may be known; it tells nothing about tables."""
    nobody = lake.role(f"nobody-{table}")
    assert lake.failure(f"SELECT * FROM db.{table}", nobody, database="loose") == (
        "Insufficient Lake Formation permission(s): Required Describe on db"
    )


def test_a_missing_table_is_told_to_whoever_would_see_it(lake: Lake) -> None:
    """TABLE_NOT_FOUND, category 2, type 1301, for a data lake administrator."""
    status = lake.run("SELECT *\nFROM nosuchtable")["Status"]
    assert status["StateChangeReason"] == (
        "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.db.nosuchtable' does not exist"
    )
    assert (status["AthenaError"]["ErrorCategory"], status["AthenaError"]["ErrorType"]) == (2, 1301)


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (
            "glue",
            "Insufficient permissions to execute the query. User: {arn} is not authorized to perform: glue:GetDatabase",
        ),
        ("data access", "is not authorized to perform: lakeformation:GetDataAccess"),
    ],
)
def test_iam_is_needed_beside_the_grant(without: str, words: str, lake: Lake) -> None:
    """Without the IAM action the query fails in IAM's words, though the columns are granted."""
    name = f"without-{without.replace(' ', '-')}"
    credentials = lake.role(name, without=without, columns=("stars",))
    arn = f"arn:aws:sts::{lake.account}:assumed-role/{name}/tester"
    assert words.format(arn=arn) in lake.failure("SELECT stars FROM reviews", credentials)


def test_without_athena_rights_the_call_itself_is_refused(lake: Lake) -> None:
    """AccessDeniedException names the action and the workgroup."""
    credentials = lake.role("without-athena", without="athena", columns=("stars",))
    with pytest.raises(ClientError, match=r"athena:StartQueryExecution on resource: .*workgroup/primary") as refused:
        lake.start("SELECT stars FROM reviews", credentials)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_an_unregistered_location_needs_the_callers_own_s3_rights(lake: Lake, limited: Any) -> None:
    """PERMISSION_DENIED with S3's text; whoever has the rights is answered."""
    reason = lake.failure("SELECT note FROM loose.notes", limited, database="loose")
    assert reason.startswith("PERMISSION_DENIED: User: arn:aws:sts::")
    assert 'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::loose"' in reason
    assert lake.rows("SELECT note FROM loose.notes", database="loose") == [["one"], [None], ['say "hi"']]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ResultConfiguration": None}, "No output location provided"),
        (
            {"ResultConfiguration": {"OutputLocation": "s3://nosuchbucket/q/"}},
            "Unable to verify/create output bucket nosuch",
        ),
        (
            {"ResultConfiguration": {"OutputLocation": "s3://forbidden/q/"}},
            "Unable to verify/create output bucket forb",
        ),
        ({"ResultConfiguration": {"OutputLocation": "http://results/"}}, "not a valid S3 path"),
        (
            {"ResultConfiguration": {"OutputLocation": RESULTS, "ExpectedBucketOwner": "999999999999"}},
            "Unable to verify/create output bucket results",
        ),
        ({"WorkGroup": "nosuchgroup"}, "WorkGroup nosuchgroup is not found"),
    ],
)
def test_a_result_location_that_cannot_be_used_is_refused_at_once(
    more: dict[str, Any], words: str, lake: Lake, limited: Any
) -> None:
    """InvalidRequestException in Athena's words; no query is started."""
    with pytest.raises(ClientError, match=words) as refused:
        lake.start("SELECT 1", limited, **more)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_without_the_right_to_write_the_result_nothing_is_read(lake: Lake) -> None:
    """The query fails with the result object's name, and no GetDataAccess is recorded for it."""
    credentials = lake.role("cannot-write", without="results", columns=("stars",))
    iam = lake.embedded.client("iam")
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"*"}]}'
    )
    iam.put_role_policy(RoleName="cannot-write", PolicyName="location", PolicyDocument=document)
    execution = lake.run("SELECT stars FROM reviews", credentials)
    reason = execution["Status"]["StateChangeReason"]
    assert reason.startswith(f"Access denied when writing output to url: {RESULTS}{execution['QueryExecutionId']}.csv")


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1", "SELECT 1; SELECT 2", "SELECT 1 FROM", "SELECT 'open", "SELECT a::int", "-- nothing", "SELECT (1",
        "PRAGMA x", "CREATE EXTERNAL TABLE", "SHOW TABLES IN db; SHOW TABLES", "MSCK TABLE x",
        "PREPARE x", "PREPARE FROM SELECT 1", "PREPARE x FROM", "PREPARE x FROM SELEC 1",
        "PREPARE x FROM SELECT 1; SELECT 2", "EXECUTE", "EXECUTE x USING",
        "EXECUTE x USING 1,", "EXECUTE x USING 1; SELECT 2", "EXECUTE x 1",
        "EXECUTE x USING 'open", "DEALLOCATE x", "DEALLOCATE PREPARE", "DEALLOCATE PREPARE x y",
    ],
)  # fmt: skip
def test_text_of_no_grammar_is_refused_at_once(sql: str, lake: Lake) -> None:
    """InvalidRequestException MALFORMED_QUERY, as live Athena refuses it before it starts anything."""
    with pytest.raises(ClientError) as refused:
        lake.start(sql)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert refused.value.response["AthenaErrorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("INSERT INTO reviews VALUES (1)", "the statement INSERT"),
        ("CREATE TABLE x AS SELECT 1", "CREATE TABLE AS SELECT"),
        ("CREATE VIEW x AS SELECT 1", "CREATE VIEW"),
        ("UNLOAD (SELECT 1) TO 's3://results/x/'", "the statement UNLOAD"),
        ("PREPARE x FROM SHOW TABLES", "PREPARE of the statement SHOW"),
        ("PREPARE x FROM EXECUTE y", "PREPARE of the statement EXECUTE"),
        ("PREPARE x FROM INSERT INTO reviews VALUES (?)", "PREPARE of the statement INSERT"),
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE"),
        ("SELECT skewness(stars) FROM reviews", "the function skewness"),
        ("SELECT * FROM reviews TABLESAMPLE BERNOULLI (10)", "sample in table"),
        ("WITH RECURSIVE t(n) AS (SELECT 1) SELECT n FROM t", "WITH RECURSIVE"),
        ("SHOW CREATE TABLE reviews", "SHOW CREATE TABLE"),
        ("ALTER TABLE reviews ADD COLUMNS (x int)", "ALTER TABLE ADD COLUMNS"),
        (
            "CREATE EXTERNAL TABLE x (a int) ROW FORMAT DELIMITED LOCATION 's3://results/x/'",
            "ROW FORMAT DELIMITED",
        ),
    ],
)
def test_what_is_not_served_is_refused_by_name(sql: str, name: str, lake: Lake) -> None:
    """NOT_SUPPORTED names the construct: never a wrong answer, and never a denial."""
    reason = lake.failure(sql)
    assert reason.startswith("NOT_SUPPORTED: ")
    assert name in reason


def test_ddl_without_the_permission_is_refused_in_hives_words(lake: Lake, limited: Any) -> None:
    """The reader lacks the IAM action; with it, Lake Formation refuses in the reported text."""
    task = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. MetaException(message:"
    assert lake.failure("CREATE DATABASE mine", limited).startswith(f"{task}User: arn:aws:sts::")
    iam = lake.embedded.client("iam")
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:*","Resource":"*"}]}'
    iam.put_role_policy(RoleName="limited", PolicyName="catalog", PolicyDocument=document)
    assert lake.failure("CREATE DATABASE mine", limited).startswith(
        f"{task}Insufficient Lake Formation permission(s): Required Create Database on Catalog (Service: "
        "AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: "
    )
    assert "Required Drop on reviews" in lake.failure("DROP TABLE reviews", limited)


def test_a_revoked_grant_counts_at_the_next_query(lake: Lake) -> None:
    """Grant, answer, revoke, refusal, grant, answer: no cache outlives a grant."""
    credentials = lake.role("changing", columns=("stars",))
    lf = lake.embedded.client("lakeformation")
    who = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{lake.account}:role/changing"}
    columns = {"TableWithColumns": {"DatabaseName": "db", "Name": "reviews", "ColumnNames": ["stars"]}}
    sql = "SELECT max(stars) FROM reviews"
    for _ in range(2):
        assert lake.rows(sql, credentials) == [["5"]]
        lf.revoke_permissions(Principal=who, Resource=columns, Permissions=["SELECT"])
        assert "Insufficient Lake Formation permission(s)" in lake.failure(sql, credentials)
        lf.grant_permissions(Principal=who, Resource=columns, Permissions=["SELECT"])


def test_a_partition_outside_the_registered_location_needs_the_callers_own_s3_rights(lake: Lake) -> None:
    """A governed table lends its readers no rights on files for which Lake Formation has no location."""
    lake.run("CREATE EXTERNAL TABLE db.split (note string) PARTITIONED BY (day string) STORED AS PARQUET "
             "LOCATION 's3://lake/split/'")  # fmt: skip
    added = lake.run("ALTER TABLE db.split ADD PARTITION (day = 'one') LOCATION 's3://loose/notes/'")
    assert added["Status"]["State"] == "SUCCEEDED", added["Status"]
    table = {"Table": {"DatabaseName": "db", "Name": "split"}}
    reader = lake.role("split-reader")
    lake.grant(f"arn:aws:iam::{lake.account}:role/split-reader", ["SELECT"], table)
    reason = lake.failure("SELECT note FROM db.split", reader)
    assert 'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::loose"' in reason
    assert len(lake.rows("SELECT note FROM db.split")) == 3
