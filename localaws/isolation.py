"""Keeps the process to itself: no AWS profile, credential, region or moto setting of the machine reaches it."""

from __future__ import annotations

import os
import sys
from importlib.abc import MetaPathFinder

FOREIGN_PREFIXES = ("AWS_", "BOTO_", "MOTO_", "S3_", "INITIAL_NO_AUTH_", "TEST_SERVER_", "TEST_PROXY_")


def isolate_environment() -> None:
    """Drop the settings of boto3 and moto from this process's environment, and point boto3 at no files.

    Must run before boto3 or moto is imported: both read some of these settings on import.
    """
    for name in [name for name in os.environ if name.startswith(FOREIGN_PREFIXES)]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    sys.meta_path.insert(0, _WithoutPandas())


class _WithoutPandas(MetaPathFinder):
    """pyarrow imports pandas at its first conversion if it can: half a second of each account, for nothing."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("the embedded account does without pandas", name=fullname)
