"""The data lake: buckets, generated data, the registered location, database, tables and partitions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.plan import Plan, Table
from lakeproof.plan.permissions import DEFAULT_DATABASE
from provision.journal import Entry
from provision.partitions import PARQUET, add_partitions
from provision.settings import EVERYBODY, expect_service_role, permissions, registered
from provision.site import RUN_TAG, Kind, ProvisionError, Site, absent, code, gone_is_fine, unheard


def location_arn(plan: Plan) -> str:
    """What is registered with Lake Formation: the lake bucket as a whole, as in the walkthrough."""
    return f"arn:aws:s3:::{plan.dataset.bucket}"


def make_bucket(site: Site, name: str) -> None:
    """A bucket of this run with every public access blocked. Raises ProvisionError when the name is taken: asked
    beforehand, because us-east-1 takes a bucket that one owns already for made (S3 API, CreateBucket)."""
    s3 = site.client("s3")

    if site.journal.find(BUCKET.name, name) is None and _bucket_there(site, name):
        raise ProvisionError(
            f"the bucket {name!r} exists already and is not this run's: choose another name in the "
            "plan (placeholder {run} makes names unique)"
        )

    def create() -> None:
        where = (
            {}
            if site.target.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": site.target.region}}
        )
        s3.create_bucket(Bucket=name, **where)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": site.tags()})
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    site.make(BUCKET, name, create)


def make_location(site: Site, plan: Plan) -> None:
    """Register the lake bucket, so that Lake Formation governs it and vends the credentials that read it."""
    arn = location_arn(plan)
    expect_service_role(site)
    site.make(
        LOCATION,
        arn,
        unheard(site.client("lakeformation").register_resource, ResourceArn=arn, UseServiceLinkedRole=True),
    )


def upload(site: Site, plan: Plan) -> tuple[str, dict[str, dict[str, int]]]:
    """Generate the data and store it. Returns its SHA-256 and the rows of each table's partitions."""
    from provision import dataset

    made = [
        (table, file)
        for table in plan.dataset.tables
        for file in dataset.files(table, plan.dataset.seed, plan.dataset.rows)
    ]
    site.progress(f"data: {plan.dataset.rows} rows in each of {len(plan.dataset.tables)} table(s), {len(made)} files")
    s3 = site.client("s3")

    def store(item: tuple[Table, dataset.DataFile]) -> tuple[str, str]:
        body = dataset.content(item[0], plan.dataset.seed, item[1])
        s3.put_object(
            Bucket=plan.dataset.bucket, Key=item[1].key, Body=body, ContentType="application/vnd.apache.parquet"
        )
        return item[1].key, hashlib.sha256(body).hexdigest()

    def create() -> Mapping[str, Any]:
        return {"sha256": dataset.fingerprint(dict(site.each(store, made)))}

    answer = site.make(OBJECTS, plan.dataset.bucket, create)
    rows: dict[str, dict[str, int]] = {table.name: {} for table in plan.dataset.tables}
    for table, file in made:
        rows[table.name][file.directory] = file.rows
    return str(answer["sha256"]), rows


def make_catalog(site: Site, plan: Plan) -> None:
    """The database ``default`` if there is none, the plan's database, its tables and partitions; and no right of
    IAMAllowedPrincipals on any of them, unless the plan leaves it some."""
    glue, everybody = site.client("glue"), plan.account.iam_allowed_principals
    nobody: dict[str, Any] = {"CreateTableDefaultPermissions": []}
    site.progress(f"data catalog: {plan.dataset.database} with {', '.join(t.name for t in plan.dataset.tables)}")
    if site.journal.find(DATABASE.name, DEFAULT_DATABASE) or not _database_there(site, DEFAULT_DATABASE):
        site.make(
            DATABASE,
            DEFAULT_DATABASE,
            unheard(
                glue.create_database,
                DatabaseInput={
                    "Name": DEFAULT_DATABASE,
                    "Parameters": site.tag_map,
                    **(nobody if everybody == "removed" else {}),
                },
            ),
        )
    site.make(
        DATABASE,
        plan.dataset.database,
        unheard(
            glue.create_database,
            DatabaseInput={
                "Name": plan.dataset.database,
                "LocationUri": f"s3://{plan.dataset.bucket}/",
                "Parameters": site.tag_map,
                **(nobody if everybody != "left" else {}),
            },
            Tags=site.tag_map,
        ),
    )
    for table in plan.dataset.tables:
        site.make(TABLE, f"{plan.dataset.database}.{table.name}", partial(_create_table, site, plan, table))
    if everybody != "left":
        _revoke_everybody(site, plan)


def _create_table(site: Site, plan: Plan, table: Table) -> None:
    glue, database = site.client("glue"), plan.dataset.database
    place = f"s3://{plan.dataset.bucket}/{table.prefix}"
    columns = [{"Name": column.name, "Type": column.type} for column in table.columns]
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": table.name,
            "Description": table.description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **site.tag_map},
            "PartitionKeys": [{"Name": key.name, "Type": key.type} for key in table.partition_keys],
            "StorageDescriptor": {"Columns": columns, "Location": place, **PARQUET},
        },
    )
    add_partitions(site, plan, table, columns, place)


def _revoke_everybody(site: Site, plan: Plan) -> None:
    """Default permissions are gone, so there should be nothing to revoke; but read, because an account can race us."""
    lake, database, everybody = site.client("lakeformation"), plan.dataset.database, plan.account.iam_allowed_principals
    resources = [{"Database": {"Name": database}}] if everybody == "removed" else []
    resources += [{"Table": {"DatabaseName": database, "Name": table.name}} for table in plan.dataset.tables]

    def revoke(resource: dict[str, Any]) -> None:
        for grant in permissions(site, Resource=resource):
            if grant["Principal"]["DataLakePrincipalIdentifier"] == EVERYBODY:
                lake.revoke_permissions(
                    Principal=grant["Principal"], Resource=grant["Resource"], Permissions=grant["Permissions"]
                )

    site.each(revoke, resources)


def _bucket_there(site: Site, name: str) -> bool:
    try:
        site.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if code(error) == "403":
            return True
        if not absent(error):
            raise
        return False
    return True


def _database_there(site: Site, name: str) -> bool:
    """By listing: asked for one database, Lake Formation may say of a missing one that permissions are insufficient."""
    return name in _databases(site)


def _empty(site: Site, bucket: str) -> None:
    """Delete every object, 1000 a call."""
    s3 = site.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _empty_versions(site: Site, bucket: str) -> None:
    """Delete every version, and every unfinished upload."""
    s3 = site.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        keys = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _remove_objects(site: Site, entry: Entry) -> None:
    gone_is_fine(partial(_empty, site, entry.id))


def _remove_bucket(site: Site, entry: Entry) -> None:
    s3 = site.client("s3")

    def delete() -> None:
        for empty in (_empty, _empty_versions, None):
            try:
                s3.delete_bucket(Bucket=entry.id)
                return
            except ClientError as error:
                if code(error) != "BucketNotEmpty":
                    raise
            if empty:
                empty(site, entry.id)
        raise ProvisionError(f"the bucket {entry.id} fills up while it is emptied: who writes to it?")

    gone_is_fine(delete)


def _bucket_owned(site: Site, entry: Entry) -> bool:
    """By its tag; the run's id in its name will do where the run died before tagging it."""
    try:
        return site.ours(site.client("s3").get_bucket_tagging(Bucket=entry.id)["TagSet"])
    except ClientError as error:
        if not absent(error):
            raise
        return site.run_id in entry.id


def _buckets_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = {bucket["Name"] for bucket in site.client("s3").list_buckets()["Buckets"]}
    return (entry for entry in entries if entry.id in there)


def _deregister(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("lakeformation").deregister_resource, ResourceArn=entry.id)


def _locations_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = {place["ResourceArn"] for place in registered(site)}
    return (entry for entry in entries if entry.id in there)


def _remove_database(site: Site, entry: Entry) -> str | None:
    """The plan's database goes with all it holds; ``default`` only if nobody has begun to use it."""
    glue = site.client("glue")
    if entry.id == DEFAULT_DATABASE:
        used = _default_in_use(site)
        if used:
            return f"kept the database {DEFAULT_DATABASE}: {used}"
    gone_is_fine(glue.delete_database, Name=entry.id)
    return None


def _default_in_use(site: Site) -> str | None:
    if not _database_there(site, DEFAULT_DATABASE):
        return None
    tables = site.client("glue").get_tables(DatabaseName=DEFAULT_DATABASE)["TableList"]
    if tables:
        return f"it holds {len(tables)} table(s) of others by now"
    harness = site.journal.header.harness_arn
    others = {
        grant["Principal"]["DataLakePrincipalIdentifier"]
        for grant in permissions(site, Resource={"Database": {"Name": DEFAULT_DATABASE}})
    } - {harness, EVERYBODY}
    return f"granted to {', '.join(sorted(others))}" if others else None


def _database_owned(site: Site, entry: Entry) -> bool:
    if not _database_there(site, entry.id):
        return False
    found = site.client("glue").get_database(Name=entry.id)["Database"]
    return bool(found.get("Parameters", {}).get(RUN_TAG) == site.run_id)


def _databases(site: Site) -> set[str]:
    pages = site.client("glue").get_paginator("get_databases").paginate()
    return {database["Name"] for page in pages for database in page["DatabaseList"]}


def _databases_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = _databases(site)
    for entry in entries:
        if entry.id in there and not (entry.id == DEFAULT_DATABASE and _default_in_use(site)):
            yield entry


def _remove_table(site: Site, entry: Entry) -> None:
    database, table = entry.id.split(".", 1)
    gone_is_fine(site.client("glue").delete_table, DatabaseName=database, Name=table)


def _tables_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    """By listing: asked for one table, Lake Formation says of a missing one that permissions are insufficient."""
    glue, there = site.client("glue"), _databases(site)
    tables = {
        f"{database}.{table['Name']}"
        for database in {entry.id.split(".", 1)[0] for entry in entries} & there
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database)
        for table in page["TableList"]
    }
    return (entry for entry in entries if entry.id in tables)


BUCKET = Kind("bucket", 20, _remove_bucket, _buckets_remaining, _bucket_owned)
OBJECTS = Kind("objects", 21, _remove_objects, lambda site, entries: ())
LOCATION = Kind("registered location", 22, _deregister, _locations_remaining)
DATABASE = Kind("database", 23, _remove_database, _databases_remaining, _database_owned)
TABLE = Kind("table", 24, _remove_table, _tables_remaining)
KINDS = (BUCKET, OBJECTS, LOCATION, DATABASE, TABLE)
