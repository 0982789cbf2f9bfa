"""A hundred small queries through PyAthena from one process, one after the other, as a notebook asks them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from pyathena import connect

from tests.athena.lake import RESULTS, Lake
from tests.conftest import running

QUERIES = 100


def rows() -> Iterator[tuple[str, str]]:
    """Rows (what, figure). The first query, which loads what all need, is not among them."""
    with running() as account:
        lake = Lake(account).provision()
        reader = lake.role("limited", columns=("review_id", "product", "stars"))
        os.environ.update(account.environment(reader))
        cursor = connect(s3_staging_dir=RESULTS, region_name=account.region, schema_name="db").cursor()
        cursor.execute("SELECT count(*) FROM reviews").fetchall()
        began = time.perf_counter()
        for number in range(QUERIES):
            cursor.execute(f"SELECT product, stars FROM reviews WHERE stars > {number % 5}").fetchall()
        took = time.perf_counter() - began
    yield f"PyAthena: {QUERIES} small queries, one after the other, s (goal: under 5)", f"{took:.1f}"
