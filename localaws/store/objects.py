"""S3's objects and what hangs on them, read and written straight in the backend."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Any

from moto.s3.models import FakeKey, S3Backend, s3_backends
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

from localaws.errors import AwsError
from localaws.store.records import StoredObject


class Objects:
    """Buckets, objects, their tags and policies; resource policies and tags of secrets."""

    account_id: str
    region: str
    lock: threading.RLock

    @property
    def _s3(self) -> S3Backend:
        return s3_backends[self.account_id]["aws"]

    @property
    def _secrets(self) -> SecretsManagerBackend:
        return secretsmanager_backends[self.account_id][self.region]

    def bucket_exists(self, bucket: str) -> bool:
        """Whether this account has the bucket."""
        with self.lock:
            return bucket in self._s3.buckets

    def bucket_region(self, bucket: str) -> str:
        """The region a bucket lives in. Raises AwsError NoSuchBucket."""
        with self.lock:
            return str(self._bucket(bucket).region_name)

    def list_objects(self, bucket: str, prefix: str = "") -> list[StoredObject]:
        """The newest version of every object whose key begins with ``prefix``, in key order.

        Raises AwsError NoSuchBucket.
        """
        with self.lock:
            found = [
                StoredObject(name, key.size, key.etag, key.last_modified.replace(tzinfo=UTC))
                for name, key in self._bucket(bucket).keys.items()
                if name.startswith(prefix) and isinstance(key, FakeKey)
            ]
        return sorted(found, key=lambda entry: entry.key.encode())

    def read_object(self, bucket: str, key: str) -> bytes:
        """The bytes of an object's newest version. Raises AwsError NoSuchBucket or NoSuchKey."""
        with self.lock:
            value: bytes = self._key(bucket, key).value
            return value

    def write_object(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str] = MappingProxyType({}),
        encoding: str | None = None,
    ) -> None:
        """Put an object, with user-defined metadata and a content encoding. Raises AwsError NoSuchBucket."""
        headers = {"content-type": content_type, **({"content-encoding": encoding} if encoding else {})}
        with self.lock:
            self._bucket(bucket)
            stored = self._s3.put_object(bucket, key, body)
            stored.set_metadata({**headers, **{f"x-amz-meta-{name}": value for name, value in metadata.items()}})

    def delete_object(self, bucket: str, key: str) -> None:
        """Delete an object's newest version; nothing happens when there is none. Raises AwsError NoSuchBucket."""
        with self.lock:
            self._bucket(bucket)
            self._s3.delete_object(bucket, key)

    def bucket_policy(self, bucket: str) -> str | None:
        """A bucket's policy as JSON text; None without one, or without the bucket."""
        with self.lock:
            found = self._s3.buckets.get(bucket)
            if found is None or found.policy is None:
                return None
            policy: bytes | str = found.policy
            return policy.decode() if isinstance(policy, bytes) else policy

    def bucket_tags(self, bucket: str) -> dict[str, str]:
        """A bucket's tags; empty without any, or without the bucket."""
        with self.lock:
            found = self._s3.buckets.get(bucket)
            return {} if found is None else dict(self._s3.tagger.get_tag_dict_for_resource(found.arn))

    def object_tags(self, bucket: str, key: str) -> dict[str, str]:
        """An object's tags; empty without any, or without the object."""
        with self.lock:
            found = self._s3.buckets.get(bucket)
            stored = None if found is None else found.keys.get(key)
            if not isinstance(stored, FakeKey):
                return {}
            return dict(self._s3.tagger.get_tag_dict_for_resource(stored.arn))

    def secret_policy(self, secret_id: str) -> str | None:
        """The resource policy of a secret (name or ARN) as JSON text; None without one, or without the secret."""
        with self.lock:
            secret = self._secrets.secrets.get(secret_id)
            return None if secret is None else getattr(secret, "policy", None)

    def secret_tags(self, secret_id: str) -> dict[str, str]:
        """The tags of a secret (name or ARN); empty without any, or without the secret."""
        with self.lock:
            secret = self._secrets.secrets.get(secret_id)
            return {} if secret is None else {tag["Key"]: tag["Value"] for tag in secret.tags or []}

    def _bucket(self, name: str) -> Any:
        try:
            return self._s3.buckets[name]
        except KeyError:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": name}) from None

    def _key(self, bucket: str, name: str) -> FakeKey:
        stored = self._bucket(bucket).keys.get(name)
        if not isinstance(stored, FakeKey):
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404, {"Key": name})
        return stored
