"""Tables over CloudTrail's log files: gzip JSON by its SerDe, partitions by projection, and nothing read elsewhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.athena.lake import Lake
from tests.conftest import Embedded, running

PROJECTIONS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("projections.yaml").read_text(encoding="utf-8")
)
NOW = datetime(2040, 11, 26, 7, tzinfo=UTC)
INPUT = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
JSON_SERDE = "org.apache.hive.hcatalog.data.JsonSerDe"
COLUMNS = (
    ("eventname", "string"),
    ("useridentity", "struct<type:string,sessioncontext:struct<sessionissuer:struct<arn:string>>>"),
    ("requestparameters", "string"),
    ("readonly", "string"),
    ("resources", "array<struct<arn:string,accountid:string>>"),
)
RECORD = {
    "eventName": "GetObject",
    "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:role/R"}}},
    "requestParameters": {"bucketName": "b", "key": 'a "quoted" key'},
    "readOnly": True,
    "resources": [{"ARN": "arn:aws:s3:::b", "accountId": "1"}, {"ARN": "arn:aws:s3:::b/k"}],
}


@pytest.fixture(scope="module")
def lake() -> Iterator[Lake]:
    """A lake at a fixed time, with a bucket of logs."""
    with running() as embedded:
        assert embedded.control("clock", {"advance": (NOW - datetime.now(UTC)).total_seconds()})[0] == 200
        made = Lake(embedded).provision()
        embedded.client("s3").create_bucket(Bucket="logs")
        yield made


def put(embedded: Embedded, key: str, *records: Any, bucket: str = "logs", body: bytes | None = None) -> None:
    """A log file of these records, or of this body."""
    told = json.dumps({"Records": list(records)}, separators=(",", ":")).encode()
    embedded.client("s3").put_object(Bucket=bucket, Key=key, Body=gzip.compress(told) if body is None else body)


def table(
    lake: Lake,
    name: str,
    location: str,
    parameters: dict[str, str] | None = None,
    keys: tuple[str, ...] = (),
    columns: tuple[tuple[str, str], ...] = COLUMNS,
    serde: str = JSON_SERDE,
    input_format: str = INPUT,
    serde_parameters: dict[str, str] | None = None,
) -> str:
    """A table over log files. Returns its name."""
    lake.embedded.client("glue").create_table(
        DatabaseName="loose",
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", **(parameters or {})},
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "StorageDescriptor": {
                "Columns": [{"Name": column, "Type": type_} for column, type_ in columns],
                "Location": location,
                "InputFormat": input_format,
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": serde,
                    "Parameters": {"serialization.format": "1"} if serde_parameters is None else serde_parameters,
                },
            },
        },
    )
    return f"loose.{name}"


@pytest.mark.parametrize("serde", [JSON_SERDE, "com.amazon.emr.hive.serde.CloudTrailSerde"])
def test_a_record_is_a_row_as_the_table_declares_it(lake: Lake, serde: str) -> None:
    """Structs, lists, JSON text of objects, booleans as text, missing members as NULL; names without regard to case."""
    place = f"rows{len(serde)}"
    put(lake.embedded, f"{place}/a.json.gz", RECORD, {"eventName": "Other", "requestParameters": None})
    name = table(lake, f"t_{place}", f"s3://logs/{place}/", serde=serde)
    sql = f"""SELECT eventname, useridentity.type, useridentity.sessioncontext.sessionissuer.arn, requestparameters,
        json_extract_scalar(requestparameters, '$.key'), readonly, cardinality(resources), resources[1].arn
        FROM {name} ORDER BY 1"""
    text = '{"bucketName":"b","key":"a \\"quoted\\" key"}'
    assert lake.rows(sql) == [
        ["GetObject", "AssumedRole", "arn:aws:iam::1:role/R", text, 'a "quoted" key', "true", "2", "arn:aws:s3:::b"],
        ["Other", None, None, None, None, None, None, None],
    ]


@pytest.mark.parametrize("case", PROJECTIONS, ids=[case["name"] for case in PROJECTIONS])
def test_projected_partitions_are_those_of_the_properties(lake: Lake, case: dict[str, Any]) -> None:
    """What lies in a projected partition is read with its values, nothing else; what is not understood is refused."""
    number = PROJECTIONS.index(case)
    for place in case.get("objects", ()):
        put(lake.embedded, f"{number}/{place}/one.json.gz", {"eventName": place})
    parameters = {"projection.enabled": "true", **{f"projection.{k}": v for k, v in case["properties"].items()}}
    if "LONG" in parameters.values():
        parameters["projection.kind.values"] = ",".join(map(str, range(10_001)))
    if "template" in case:
        parameters["storage.location.template"] = f"s3://logs/{number}/{case['template']}"
    if "whole_template" in case:
        parameters["storage.location.template"] = case["whole_template"]
    keys = tuple(case["keys"])
    name = table(lake, f"p{number}", f"s3://logs/{number}/home", parameters, keys)
    sql = f"SELECT {', '.join(keys)} FROM {name} ORDER BY {', '.join(keys)}"
    if "expected" in case:
        assert lake.rows(sql) == case["expected"]
    else:
        said = lake.failure(sql)
        assert all(piece in said for piece in case["fails"]), said


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("kind = 'a'", [["a"]]),
        ("'a' = kind AND eventname <> ''", [["a"]]),
        ("(kind IN ('a', 'b')) AND kind IN ('b', 'c')", [["b"]]),
        ("kind = 'nowhere'", []),
        ("kind = 'a' OR kind = 'b'", None),
        ("kind LIKE 'a'", None),
        ("kind NOT IN ('a')", None),
        ("NOT kind = 'a'", None),
        ("kind = eventname", None),
        ("kind IN (SELECT 'a')", None),
        ("true", None),
    ],
)
def test_an_injected_column_is_given_by_the_query(lake: Lake, where: str, expected: list[list[str]] | None) -> None:
    """Static equalities in WHERE choose the partitions; without one, nothing is read and the query fails."""
    name = injected(lake)
    sql = f"SELECT kind FROM {name} WHERE {where}"
    if expected is None:
        assert lake.failure(sql).startswith("CONSTRAINT_VIOLATION: For the injected projected partition column kind")
    else:
        assert lake.rows(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "SELECT kind FROM {0} WHERE kind = 'a' UNION ALL SELECT kind FROM {0} WHERE kind = 'b' ORDER BY 1",
            [["a"], ["b"]],
        ),
        ("SELECT x.kind FROM {0} x JOIN {0} y ON true WHERE x.kind = 'a' AND y.kind = 'b'", [["a"]]),
        ("SELECT x.kind FROM {0} x JOIN {0} y ON true WHERE x.kind = 'a'", None),
        ("SELECT kind FROM {0} WHERE kind = 'a' UNION ALL SELECT kind FROM {0}", None),
        ("SELECT kind FROM {0} WHERE kind = 'a' AND EXISTS (SELECT 1 FROM {0})", None),
    ],
)
def test_every_use_of_an_injected_column_counts(lake: Lake, sql: str, expected: list[list[str]] | None) -> None:
    """A table that is used twice is read for both uses, or not at all."""
    text = sql.format(injected(lake))
    if expected is None:
        assert lake.failure(text).startswith("CONSTRAINT_VIOLATION")
    else:
        assert lake.rows(text) == expected


def injected(lake: Lake) -> str:
    """A table whose only partition column is injected, made once."""
    if "injected" not in {
        each["Name"] for each in lake.embedded.client("glue").get_tables(DatabaseName="loose")["TableList"]
    }:
        for kind in "abc":
            put(lake.embedded, f"injected/{kind}/one.json.gz", RECORD)
        parameters = {
            "projection.enabled": "true",
            "projection.kind.type": "injected",
            "storage.location.template": "s3://logs/injected/${kind}",
        }
        table(lake, "injected", "s3://logs/injected", parameters, ("kind",))
    return "loose.injected"


def test_who_may_only_alter_cannot_move_rows_past_a_row_filter(lake: Lake) -> None:
    """On a table with row filters the projection is an administrator's to change: it says which file is which row's."""
    put(lake.embedded, "mine/a/one.json.gz", RECORD, bucket="lake")
    parameters = {
        "projection.enabled": "true",
        "projection.kind.type": "enum",
        "projection.kind.values": "a",
        "storage.location.template": "s3://lake/mine/${kind}",
    }
    table(lake, "filtered", "s3://lake/mine", parameters, ("kind",))
    governed(lake, "alters", "filtered", ["eventname"])
    resource = {"Table": {"DatabaseName": "loose", "Name": "filtered"}}
    lake.grant(f"arn:aws:iam::{lake.account}:role/alters", ["ALTER"], resource)
    lake.embedded.client("iam").put_role_policy(
        RoleName="alters",
        PolicyName="alters",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "glue:*", "Resource": "*"}}
        ),
    )
    glue = lake.embedded.client("glue", lake.embedded.as_role(f"arn:aws:iam::{lake.account}:role/alters", "alters"))
    shown = lake.embedded.client("glue").get_table(DatabaseName="loose", Name="filtered")["Table"]
    kept = {key: shown[key] for key in ("Name", "StorageDescriptor", "TableType", "Parameters", "PartitionKeys")}
    glue.update_table(DatabaseName="loose", TableInput={**kept, "Description": "before the filter"})
    lake.embedded.client("lakeformation").create_data_cells_filter(
        TableData={
            "TableCatalogId": lake.account,
            "DatabaseName": "loose",
            "TableName": "filtered",
            "Name": "some",
            "RowFilter": {"FilterExpression": "kind = 'b'"},
            "ColumnWildcard": {},
        }
    )
    moved = {**kept, "Parameters": {**kept["Parameters"], "projection.kind.values": "b"}}
    with pytest.raises(ClientError, match="Required data lake administrator"):
        glue.update_table(DatabaseName="loose", TableInput=moved)
    glue.update_table(DatabaseName="loose", TableInput={**kept, "Description": "the same projection"})
    lake.embedded.client("glue").update_table(DatabaseName="loose", TableInput=moved)


def test_projection_hides_the_catalogs_partitions(lake: Lake) -> None:
    """A partition in the Data Catalog counts for nothing while projection is on, and alone when it is off."""
    put(lake.embedded, "own/x/one.json.gz", RECORD)
    put(lake.embedded, "own/far/one.json.gz", RECORD)
    properties = {"projection.day.type": "enum", "projection.day.values": "x"}
    for switch, expected in (("true", [["x"]]), ("false", [["catalog"]])):
        parameters = {"projection.enabled": switch, "storage.location.template": "s3://logs/own/${day}", **properties}
        name = table(lake, f"own_{switch}", "s3://logs/own", parameters, ("day",))
        lake.run(f"ALTER TABLE {name} ADD PARTITION (day = 'catalog') LOCATION 's3://logs/own/far'")
        assert lake.rows(f"SELECT DISTINCT day FROM {name}") == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"Records":[]}',
        gzip.compress(b'{"Records":[{"eventName":"x"}]}')[:-9],
        gzip.compress(b'{"Records":[{"eventName":"x"}]}') + gzip.compress(b'{"Records":[{"eventName":"y"}]}'),
        gzip.compress(b'{"Records":[{"eventName":'),
        gzip.compress(b'{"Records":{}}'),
        gzip.compress(b'{"Records":[1]}'),
        gzip.compress(b'{"records":[]}'),
        gzip.compress(b'{"Records":[{"useridentity":"text"}]}'),
        gzip.compress(b'{"Records":[{"resources":{}}]}'),
        gzip.compress(b'{"Records":[{"useridentity":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}]}"),
    ],
    ids=[
        "empty",
        "plain",
        "cut",
        "two-members",
        "half",
        "no-list",
        "no-object",
        "other-case",
        "text",
        "object",
        "deep",
    ],
)
def test_a_damaged_log_file_is_never_read_in_part(lake: Lake, body: bytes, request: Any) -> None:
    """The query fails with a text that names no column and no value; an empty object is no data."""
    place = f"damaged-{request.node.callspec.id}"
    put(lake.embedded, f"{place}/a.json.gz", RECORD)
    put(lake.embedded, f"{place}/b.json.gz", body=body)
    name = table(lake, place.replace("-", "_"), f"s3://logs/{place}/")
    if not body:
        assert lake.rows(f"SELECT eventname FROM {name}") == [["GetObject"]]
        return
    assert lake.failure(f"SELECT * FROM {name}") == "HIVE_BAD_DATA: A log file of the table is not valid"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"serde": "org.openx.data.jsonserde.JsonSerDe"}, "org.openx.data.jsonserde.JsonSerDe"),
        ({"input_format": "org.apache.hadoop.mapred.TextInputFormat"}, "org.apache.hadoop.mapred.TextInputFormat"),
        ({"serde_parameters": {"ignore.malformed.json": "true"}}, "ignore.malformed.json=true"),
        ({"serde_parameters": {"mapping.eventname": "errorCode"}}, "mapping.eventname=errorCode"),
        ({"parameters": {"skip.header.line.count": "1"}}, "skip.header.line.count"),
        ({"columns": (("eventname", "map<string,string>"),)}, "map(varchar, varchar)"),
        ({"columns": (("eventtime", "timestamp"),)}, "timestamp"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(lake: Lake, changed: dict[str, Any], said: str) -> None:
    """Another SerDe, input format, property or type is NOT_SUPPORTED: never guessed, never passed over."""
    put(lake.embedded, "refused/a.json.gz", RECORD)
    name = table(lake, f"refused_{abs(hash(said))}", "s3://logs/refused/", **changed)
    reason = lake.failure(f"SELECT * FROM {name}")
    assert reason.startswith("NOT_SUPPORTED") and said in reason


def test_columns_that_were_not_granted_are_in_neither_wall(lake: Lake) -> None:
    """A reader with one column of a governed log table sees that one, and no member of another column."""
    put(lake.embedded, "logs/2040/11/26/a.json.gz", RECORD, bucket="lake")
    parameters = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.range": "2040/01/01,NOW",
        "storage.location.template": "s3://lake/logs/${day}",
    }
    name = table(lake, "governed", "s3://lake/logs", parameters, ("day",))
    reader = governed(lake, "log-reader", "governed", ["eventname"])
    assert lake.rows(f"SELECT * FROM {name}", reader, database="loose") == [["GetObject", "2040/11/26"]]
    for hidden in ("requestparameters", "useridentity.type", "resources[1].arn"):
        assert "cannot be resolved" in lake.failure(f"SELECT {hidden} FROM {name}", reader, database="loose")


def test_a_location_template_reads_nowhere_else(lake: Lake) -> None:
    """A governed table's template that leads beside its own location is read with the caller's own S3 rights: none."""
    put(lake.embedded, "secret/x/a.json.gz", {"eventName": "SECRET"}, bucket="lake")
    put(lake.embedded, "elsewhere/x/a.json.gz", {"eventName": "SECRET"}, bucket="forbidden")
    for number, place in enumerate(("s3://lake/secret/${day}", "s3://forbidden/elsewhere/${day}")):
        parameters = {
            "projection.enabled": "true",
            "projection.day.type": "enum",
            "projection.day.values": "x",
            "storage.location.template": place,
        }
        name = table(lake, f"leads{number}", "s3://lake/harmless", parameters, ("day",))
        reader = governed(lake, f"leads{number}", f"leads{number}", ["eventname"])
        reason = lake.failure(f"SELECT eventname FROM {name}", reader, database="loose")
        assert reason.startswith("PERMISSION_DENIED") and "s3:ListBucket" in reason and "SECRET" not in reason


def governed(lake: Lake, role: str, name: str, columns: list[str]) -> dict[str, Any]:
    """Credentials of a role that holds SELECT on columns of a table of which IAMAllowedPrincipals holds nothing."""
    resource = {"DatabaseName": "loose", "Name": name}
    everybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    lake.embedded.client("lakeformation").revoke_permissions(
        Principal=everybody, Resource={"Table": resource}, Permissions=["ALL"]
    )
    reader = lake.role(role)
    arn = f"arn:aws:iam::{lake.account}:role/{role}"
    lake.grant(arn, ["SELECT"], {"TableWithColumns": {**resource, "ColumnNames": columns}})
    return reader


def test_a_projected_table_off_the_lake_needs_the_callers_own_rights(lake: Lake) -> None:
    """Without s3:ListBucket below the template's fixed beginning nothing is listed; the administrator reads on."""
    put(lake.embedded, "off/x/a.json.gz", RECORD)
    properties = {"projection.day.type": "enum", "projection.day.values": "x"}
    parameters = {"projection.enabled": "true", "storage.location.template": "s3://logs/off/${day}", **properties}
    name = table(lake, "off", "s3://logs/off", parameters, ("day",))
    reason = lake.failure(f"SELECT eventname FROM {name}", lake.role("off-reader"), database="loose")
    assert "s3:ListBucket" in reason and "a.json.gz" not in reason
    assert lake.rows(f"SELECT eventname, day FROM {name}") == [["GetObject", "x"]]


def test_array_join_and_not_like(lake: Lake) -> None:
    """NULL elements are left out, no element gives an empty text; NOT LIKE is LIKE's contrary, with an escape too."""
    sql = """SELECT array_join(ARRAY['a', NULL, 'b'], '-'), array_join(filter(ARRAY['a'], x -> x = 'b'), '-'),
        array_join(IF(false, ARRAY['x']), '-'), 'abc' NOT LIKE 'a%', 'abc' NOT LIKE 'b%',
        'a%' NOT LIKE 'a!%' ESCAPE '!'"""
    assert lake.rows(sql) == [["a-b", "", None, "false", "true", "false"]]
