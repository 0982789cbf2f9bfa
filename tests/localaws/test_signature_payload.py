"""What S3 clients say about a body: its hash, its chunks, its trailer, its checksum."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

CONTENT = b"first chunk of the object" * 20 + b"and the rest of it"
EMPTY = hashlib.sha256(b"").hexdigest()
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Declaring(S3SigV4Auth):  # type: ignore[misc]
    """Signs whatever payload hash it is told."""

    declared = ""

    def payload(self, request: AWSRequest) -> str:
        return self.declared


@dataclass
class Upload:
    """A PUT of an object in some coding, signed by the rules of S3's documentation, open to be spoilt."""

    wire: Any
    coding: str
    content: bytes = CONTENT
    key: str = "object"
    headers: dict[str, str] = field(default_factory=dict)
    trailer: dict[str, str] = field(default_factory=dict)
    chunk_size: int = 200
    spoil: Callable[[bytes], bytes] = bytes
    decoded_length: int | None = None

    def send(self) -> Any:
        headers = {**self.headers}
        if self.coding.startswith("STREAMING"):
            headers["Content-Encoding"] = "aws-chunked"
            length = len(self.content) if self.decoded_length is None else self.decoded_length
            headers["X-Amz-Decoded-Content-Length"] = str(length)
        if self.trailer:
            headers["X-Amz-Trailer"] = ",".join(self.trailer)
        request = AWSRequest("PUT", f"{self.wire.endpoint_url}/payload-bucket/{self.key}", headers=headers)
        signer = Declaring(self.wire.key, "s3", self.wire.region)
        signer.declared = self.coding
        signer.add_auth(request)
        return self.wire.send(request, body=self.spoil(self._body(request)))

    def _body(self, request: AWSRequest) -> bytes:
        if not self.coding.startswith("STREAMING"):
            return self.content
        self.previous = request.headers["Authorization"].rpartition("Signature=")[2]
        self.amz_date = request.headers["X-Amz-Date"]
        size = self.chunk_size
        chunks = [self.content[start : start + size] for start in range(0, len(self.content), size)]
        body = b"".join(self._chunk(chunk) + b"\r\n" for chunk in chunks) + self._chunk(b"")
        body += "".join(f"{name}:{value}\r\n" for name, value in self.trailer.items()).encode()
        if self.coding == SIGNED_TRAILER:
            lines = "".join(f"{name}:{value}\n" for name, value in self.trailer.items())
            digest = hashlib.sha256(lines.encode()).hexdigest()
            signature = self._sign(f"AWS4-HMAC-SHA256-TRAILER\n{{date}}\n{{scope}}\n{{previous}}\n{digest}")
            body += f"x-amz-trailer-signature:{signature}\r\n".encode()
        return body + b"\r\n"

    def _chunk(self, chunk: bytes) -> bytes:
        if self.coding == UNSIGNED_TRAILER:
            return f"{len(chunk):x}\r\n".encode() + chunk
        digest = hashlib.sha256(chunk).hexdigest()
        self.previous = self._sign(f"AWS4-HMAC-SHA256-PAYLOAD\n{{date}}\n{{scope}}\n{{previous}}\n{EMPTY}\n{digest}")
        return f"{len(chunk):x};chunk-signature={self.previous}\r\n".encode() + chunk

    def _sign(self, text: str) -> str:
        scope = f"{self.amz_date[:8]}/{self.wire.region}/s3/aws4_request"
        key = f"AWS4{self.wire.key.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        filled = text.format(date=self.amz_date, scope=scope, previous=self.previous)
        return hmac.new(key, filled.encode(), "sha256").hexdigest()


def crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


@pytest.fixture(scope="module", autouse=True)
def bucket(embedded: Any) -> None:
    """The bucket of these uploads."""
    embedded.client("s3").create_bucket(Bucket="payload-bucket")


@pytest.fixture
def stored(embedded: Any) -> Callable[[str], bytes]:
    """What S3 holds under a key."""

    def read(key: str) -> bytes:
        body: bytes = embedded.client("s3").get_object(Bucket="payload-bucket", Key=key)["Body"].read()
        return body

    return read


CODINGS: list[tuple[str, dict[str, str]]] = [
    (SIGNED, {}),
    (SIGNED_TRAILER, {"x-amz-checksum-crc32": crc32(CONTENT)}),
    (UNSIGNED_TRAILER, {"x-amz-checksum-crc32": crc32(CONTENT)}),
]


@pytest.mark.parametrize(("coding", "trailer"), CODINGS, ids=[coding for coding, _ in CODINGS])
class TestChunkedUploads:
    """aws-chunked bodies, in each of their three forms."""

    def test_the_object_is_what_was_in_the_chunks(
        self, wire: Any, stored: Any, coding: str, trailer: dict[str, str]
    ) -> None:
        """A well-signed upload stores the plain bytes, whatever the size of its chunks."""
        for size in (1, 200, 100_000):
            answer = Upload(wire, coding, trailer=trailer, chunk_size=size, key=f"whole-{size}").send()
            assert answer.status == 200, answer.message
            assert stored(f"whole-{size}") == CONTENT

    def test_no_coding_is_stored(self, embedded: Any, wire: Any, coding: str, trailer: dict[str, str]) -> None:
        """aws-chunked is a coding of the transfer: the object's Content-Encoding does not name it."""
        assert Upload(wire, coding, trailer=trailer, key="coding").send().status == 200
        head = embedded.client("s3").head_object(Bucket="payload-bucket", Key="coding")
        assert "aws-chunked" not in head.get("ContentEncoding", "")

    def test_a_changed_byte_is_refused(self, wire: Any, coding: str, trailer: dict[str, str]) -> None:
        """A byte changed in any chunk breaks a chunk signature or the checksum."""
        upload = Upload(wire, coding, trailer=trailer, spoil=lambda body: body.replace(b"the rest", b"the test"))
        assert upload.send().code in ("SignatureDoesNotMatch", "BadDigest")

    def test_swapped_chunks_are_refused(self, wire: Any, coding: str, trailer: dict[str, str]) -> None:
        """Chunks are signed in their order."""
        content = b"a" * 10 + b"b" * 10
        names = {name: crc32(content) for name in trailer}

        def swap(body: bytes) -> bytes:
            return body.replace(b"a" * 10, b"-").replace(b"b" * 10, b"a" * 10).replace(b"-", b"b" * 10, 1)

        upload = Upload(wire, coding, content=content, trailer=names, chunk_size=10, spoil=swap)
        assert upload.send().code in ("SignatureDoesNotMatch", "BadDigest", "IncompleteBody")

    def test_a_cut_body_is_refused(self, wire: Any, coding: str, trailer: dict[str, str]) -> None:
        """A body that ends early is refused, wherever it ends."""
        for length in (0, 1, 3, 90, 300, 560):
            answer = Upload(wire, coding, trailer=trailer, spoil=lambda body, at=length: body[:at]).send()
            assert answer.status in (400, 403), length

    def test_the_length_must_be_told(self, wire: Any, coding: str, trailer: dict[str, str]) -> None:
        """X-Amz-Decoded-Content-Length must be the object's size."""
        wrong = Upload(wire, coding, trailer=trailer, decoded_length=len(CONTENT) + 1).send()
        assert wrong.code == "IncompleteBody"


@pytest.mark.parametrize("coding", [SIGNED_TRAILER, UNSIGNED_TRAILER])
class TestTrailers:
    """Headers after the body."""

    def test_a_wrong_checksum_is_refused(self, wire: Any, coding: str) -> None:
        """The checksum in the trailer is compared with the body."""
        answer = Upload(wire, coding, trailer={"x-amz-checksum-crc32": crc32(b"other")}).send()
        assert answer.code == "BadDigest"

    def test_an_announced_trailer_must_come(self, wire: Any, coding: str) -> None:
        """A trailer that X-Amz-Trailer announces and that does not come, or the reverse, is refused."""
        missing = Upload(
            wire,
            coding,
            trailer={"x-amz-checksum-crc32": crc32(CONTENT)},
            spoil=lambda body: body.replace(b"x-amz-checksum-crc32:", b"x-amz-checksum-sha1:"),
        ).send()
        assert missing.code == "MalformedTrailerError"

    def test_only_checksums_are_trailers(self, wire: Any, coding: str) -> None:
        """A trailer cannot smuggle in another header."""
        assert Upload(wire, coding, trailer={"x-amz-acl": "public-read"}).send().code == "MalformedTrailerError"

    def test_every_checksum_of_s3_is_known(self, wire: Any, coding: str) -> None:
        """CRC32, CRC32C, CRC64NVME, SHA1 and SHA256 are compared (check values: "123456789" of the CRC catalogue)."""
        known = {
            "crc32": (0xCBF43926).to_bytes(4, "big"),
            "crc32c": (0xE3069283).to_bytes(4, "big"),
            "crc64nvme": (0xAE8B14860A799888).to_bytes(8, "big"),
            "sha1": hashlib.sha1(b"123456789").digest(),
            "sha256": hashlib.sha256(b"123456789").digest(),
        }
        for name, digest in known.items():
            for value, code in ((digest, ""), (digest[::-1], "BadDigest")):
                trailer = {f"x-amz-checksum-{name}": base64.b64encode(value).decode()}
                assert Upload(wire, coding, content=b"123456789", trailer=trailer).send().code == code, name


def test_a_trailer_signature_is_checked(wire: Any) -> None:
    """A trailer that was changed together with its chunk-less body fails by its own signature."""
    upload = Upload(
        wire,
        SIGNED_TRAILER,
        trailer={"x-amz-checksum-crc32": crc32(CONTENT)},
        spoil=lambda body: body.replace(crc32(CONTENT).encode(), crc32(b"x").encode()),
    )
    assert upload.send().code == "SignatureDoesNotMatch"


def test_an_unsigned_payload_is_taken_as_it_comes(wire: Any, stored: Any) -> None:
    """UNSIGNED-PAYLOAD lets the body be anything: only the header is signed."""
    assert Upload(wire, "UNSIGNED-PAYLOAD", key="free", spoil=lambda _: b"another").send().status == 200
    assert stored("free") == b"another"


@pytest.mark.parametrize("declared", [EMPTY, "0" * 64, "nonsense", "STREAMING-SOMETHING-ELSE"])
def test_a_declared_hash_must_be_the_bodys(wire: Any, declared: str) -> None:
    """Any other X-Amz-Content-SHA256 must be the hash of the body."""
    assert Upload(wire, declared).send().code in ("XAmzContentSHA256Mismatch", "IncompleteBody")
    assert Upload(wire, hashlib.sha256(CONTENT).hexdigest()).send().status == 200


def test_s3_wants_a_payload_hash(wire: Any) -> None:
    """A header-signed S3 request without X-Amz-Content-SHA256 is refused."""
    request = wire.signed(wire.probe("s3"))
    del request.headers["X-Amz-Content-SHA256"]
    assert wire.send(request).status in (400, 403)


@pytest.mark.parametrize("name", ["Content-MD5", "X-Amz-Checksum-CRC32", "X-Amz-Checksum-SHA256"])
def test_a_checksum_header_is_compared(wire: Any, name: str) -> None:
    """A checksum in a header must be the body's; one that is no checksum at all is refused as such."""
    digests = {
        "Content-MD5": base64.b64encode(hashlib.md5(CONTENT).digest()).decode(),
        "X-Amz-Checksum-CRC32": crc32(CONTENT),
        "X-Amz-Checksum-SHA256": base64.b64encode(hashlib.sha256(CONTENT).digest()).decode(),
    }
    right = hashlib.sha256(CONTENT).hexdigest()
    assert Upload(wire, right, headers={name: digests[name]}).send().status == 200
    assert Upload(wire, right, headers={name: digests[name][::-1]}).send().status == 400
    wrong = base64.b64encode(bytes(len(base64.b64decode(digests[name])))).decode()
    assert Upload(wire, right, headers={name: wrong}).send().code == "BadDigest"
    assert Upload(wire, right, headers={name: "!"}).send().code in ("InvalidDigest", "InvalidRequest")
