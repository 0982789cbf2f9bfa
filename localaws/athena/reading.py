"""Running a query that reads tables: rights on the data, its engine, and the record of the access."""

from __future__ import annotations

import hashlib
import random
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.athena.catalog import ATHENA, CallerCatalog, VisibleTable
from localaws.athena.engine import Engine, Engines
from localaws.athena.failure import QueryFailed
from localaws.athena.files import Columns, File, files_of, split_uri
from localaws.athena.pinned import Pinned
from localaws.athena.planning import Plan
from localaws.athena.projection import is_projected, projection
from localaws.athena.results import csv
from localaws.athena.shapes import Shape
from localaws.errors import AwsError
from localaws.glue import catalog as glue
from localaws.glue.placing import location_of

if TYPE_CHECKING:
    from localaws.account import Account

ACCESS = "lakeformation:GetDataAccess"


class Reader:
    """Reads for all queries of an account; engines and column data are shared by rights."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.engines = Engines()
        self.columns = Columns(account.store)

    def shapes(self, plan: Plan, catalog: CallerCatalog) -> list[Shape]:
        """What the query's engine holds, after asking for the rights on the data.

        Raises QueryFailed without lakeformation:GetDataAccess on a governed table, or without the caller's own
        s3:ListBucket on the location and s3:GetObject on each object of another.
        """
        tables = list(dict.fromkeys(plan.tables))
        shapes = [self._shape(table, plan.pinned, catalog) for table in tables]
        for shape in shapes:
            visibility = shape.table.visibility
            if visibility is None:
                continue
            if visibility.governed:
                self._data_access(catalog)
                self._own_s3_rights(catalog, self._outside(shape))
            else:
                self._own_s3_rights(catalog, shape.files)
        return shapes

    def _outside(self, shape: Shape) -> list[File]:
        """The files that the registration of the table's own location does not cover: no credentials are vended there.

        A governed table may have a partition elsewhere; that part is read with the caller's own rights (Lake Formation
        developer guide, "Registering an Amazon S3 location": only registered locations are managed). Nobody has asked
        whether the table's creator has a right to where its location template leads, so of a projected table only what
        lies below its own location is read with vended credentials [our rule].
        """
        document = shape.table.document or {}
        home = location_of(document)
        alike = self._account.lakeformation.registered_alike
        uris = {file: f"s3://{file.bucket}/{file.key}" for file in shape.files}
        below = f"{home.rstrip('/')}/" if is_projected(document) else ""
        return [file for file, uri in uris.items() if not alike(uri, home) or not uri.startswith(below)]

    def _shape(self, table: VisibleTable, pinned: Pinned, catalog: CallerCatalog) -> Shape:
        if table.document is None:
            return Shape(table)
        partitions: Sequence[Mapping[str, Any]] = ()
        if is_projected(table.document):
            projected = projection(table.document, self._account.clock.now(), pinned.get(table.name))
            self._own_listing_rights(table, [f"s3://{projected.bucket}/{projected.root}"], catalog)
            return Shape(table, files_of(self._account.store, table.document, (), projected))
        if table.document.get("PartitionKeys"):
            partitions = glue.partitions(self._account, table.database, table.name)
        home = location_of(table.document)
        places = [location_of(one) for one in partitions] if table.document.get("PartitionKeys") else [home]
        self._own_listing_rights(table, places, catalog)
        return Shape(table, files_of(self._account.store, table.document, partitions))

    def _own_listing_rights(self, table: VisibleTable, places: Iterable[str], catalog: CallerCatalog) -> None:
        """Where no credentials are vended, listing needs the caller's own s3:ListBucket, before anything is listed.

        Otherwise a refusal that names an object would tell its name to whoever may create a table.
        """
        assert table.document is not None and table.visibility is not None
        home = location_of(table.document)
        alike = self._account.lakeformation.registered_alike
        below = f"{home.rstrip('/')}/" if is_projected(table.document) else ""
        for uri in dict.fromkeys(places):
            if uri and not (table.visibility.governed and alike(uri, home) and uri.startswith(below)):
                check_listing(self._account, catalog, uri)

    def _data_access(self, catalog: CallerCatalog) -> None:
        """IAM's half: no resource-level scoping (Lake Formation developer guide, IAM permissions)."""
        acting = catalog.call.acting("lakeformation", "GetDataAccess", {}, ATHENA)
        try:
            self._account.authorizer.check(acting, ACCESS, "*")
        except AwsError as error:
            if error.status == 501:
                raise
            message = f"Insufficient permissions to execute the query. {error.message}"
            raise QueryFailed("IAM", message) from None

    def _own_s3_rights(self, catalog: CallerCatalog, files: Iterable[File]) -> None:
        for file in files:
            acting = catalog.call.acting("s3", "GetObject", {"Bucket": file.bucket, "Key": file.key}, ATHENA)
            try:
                self._account.authorizer.check(acting, "s3:GetObject", f"arn:aws:s3:::{file.bucket}/{file.key}")
            except AwsError as error:
                if error.status == 501:
                    raise
                raise _refused(error, catalog) from None

    def run(
        self, plan: Plan, shapes: list[Shape], started: Callable[[Callable[[], None]], None]
    ) -> tuple[bytes, int, int]:
        """The CSV result, its number of rows, and the bytes scanned. Raises QueryFailed, Interrupted."""
        engine = self.engines.get(shapes, lambda shape: shape.load(self.columns))
        with engine.running(plan.sql, started) as (schema, batches):
            if len(schema) != len(plan.columns):
                raise QueryFailed("INTERNAL", "Query engine had an internal error")
            body, rows = csv(plan.columns, batches)
        return body, rows, _scanned(engine, plan)

    def record_access(self, shapes: Iterable[Shape], catalog: CallerCatalog, query_id: str) -> None:
        """One GetDataAccess for each table that is read through Lake Formation (captured event, 2026)."""
        for shape in shapes:
            table = shape.table
            if table.visibility is None or not table.visibility.governed:
                continue
            call = catalog.call.acting("lakeformation", "GetDataAccess", {}, ATHENA)
            call.time = self._account.clock.now()
            arn = f"arn:aws:glue:{self._account.region}:{self._account.account_id}:table/{table.database}/{table.name}"
            created = (table.document or {}).get("CreateTime", "")
            call.trail.request_parameters = {
                "tableArn": arn,
                "permissions": ["SELECT"],
                "auditContext": {"additionalAuditContext": f"{{queryId: {query_id}}}"},
                "cellLevelSecurityEnforced": True,
                "expectedTableId": hashlib.md5(f"{arn}{created}".encode(), usedforsecurity=False).hexdigest(),
            }
            session = "".join(random.choices(string.ascii_uppercase + string.digits, k=10))
            call.trail.extra["additionalEventData"] = {
                "requesterService": "ATHENA",
                "LakeFormationTrustedCallerInvocation": "true",
                "lakeFormationPrincipal": call.caller.principal_arn,
                "lakeFormationRoleSessionName": f"AWSLF-00-AT-{self._account.account_id}-{session}",
            }
            self._account.cloudtrail.record(call, None, None)


def check_listing(account: Account, catalog: CallerCatalog, uri: str) -> None:
    """Raises QueryFailed PERMISSION_DENIED without the caller's own s3:ListBucket for the location."""
    try:
        bucket, key = split_uri(uri)
    except ValueError:
        return
    prefix = key.rstrip("/") + "/" if key.rstrip("/") else ""
    acting = catalog.call.acting("s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix}, ATHENA)
    try:
        account.authorizer.check(acting, "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})
    except AwsError as error:
        if error.status == 501:
            raise
        raise _refused(error, catalog) from None


def _refused(error: AwsError, catalog: CallerCatalog) -> QueryFailed:
    detail = f"(Service: S3, Status Code: 403, Request ID: {catalog.call.request_id})"
    return QueryFailed("PERMISSION_DENIED", f"{error.message} {detail}")


def _scanned(engine: Engine, plan: Plan) -> int:
    """Bytes of the visible columns that the query names, once each: nothing hidden is counted."""
    total = 0
    for table in dict.fromkeys(plan.tables):
        if table.visibility is None:
            continue
        for column in table.columns:
            if f'."{column.name}"' in plan.sql:
                total += engine.sizes[(table.database, table.name, column.name)]
    return total
