"""The HTTP/1.1 server: one thread per kept-alive connection, on the loopback interface only.

It hands on the path and query as they were sent: signatures and S3 keys need every percent sign where it was.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localaws.wire import CUT, HttpRequest, HttpResponse, header_mapping

HOST = "127.0.0.1"
MAX_BODY = 512 * 1024 * 1024
"""Bytes. S3 takes 5 GiB in one request; all of a body is held in memory here, so the line is drawn earlier."""
MAX_CHUNK_LINE = 1024

LOG = logging.getLogger(__name__)

Respond = Callable[[HttpRequest], HttpResponse]


class BadRequest(Exception):
    """The request cannot be read as HTTP. Carries the status; the connection is closed after the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves ``respond`` on 127.0.0.1. Port 0 takes a free one. Raises OSError when the port is taken."""

    daemon_threads = True
    allow_reuse_address = False
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        super().__init__((HOST, port), _Connection)

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host's name that http.server makes."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle of a request is no error of ours; anything else is logged."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            LOG.exception("a connection broke")


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True
    rbufsize = 64 * 1024
    timeout = 300

    def handle_one_request(self) -> None:
        """Read one request, answer it, and say whether the connection stays open."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if len(self.raw_requestline) > 65536:
                self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
                return
            if not self.raw_requestline:
                self.close_connection = True
                return
            if not self.parse_request():
                return
            try:
                request = self._request()
            except BadRequest as bad:
                self._refuse(bad.status)
                return
            response = self._respond(request)
            if response is CUT:
                self._cut()
            else:
                self._send(response)
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def _respond(self, request: HttpRequest) -> HttpResponse:
        """Never a dead connection: whatever escapes is a 500, with its traceback on stderr."""
        try:
            return self.server.respond(request)
        except Exception:
            LOG.exception("%s %s", request.method, request.raw_path)
            return HttpResponse(500, {"Content-Type": "text/plain"}, b"InternalFailure")

    def _request(self) -> HttpRequest:
        headers = header_mapping(self.headers.items())
        path, _, query = self.path.partition("?")
        if "://" in path:
            path = "/" + path.split("://", 1)[1].partition("/")[2]
        return HttpRequest(self.command, path, query, headers, self._body(headers), str(self.client_address[0]))

    def _body(self, headers: dict[str, str]) -> bytes:
        coding = headers.get("transfer-encoding", "").lower()
        if coding:
            if coding != "chunked" or "content-length" in headers:
                raise BadRequest(HTTPStatus.BAD_REQUEST)
            return self._chunks()
        declared = headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdigit()):
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        size = int(declared)
        if size > MAX_BODY:
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._exactly(size) if size else b""

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self.rfile.readline(MAX_CHUNK_LINE)
            try:
                size = int(line.partition(b";")[0].strip() or b"?", 16)
            except ValueError:
                raise BadRequest(HTTPStatus.BAD_REQUEST) from None
            if size < 0 or len(body) + size > MAX_BODY:
                raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if size == 0:
                break
            body += self._exactly(size)
            self._exactly(2)
        while self.rfile.readline(MAX_CHUNK_LINE) not in (b"\r\n", b"\n", b""):
            continue
        return bytes(body)

    def _exactly(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) != size:
            raise ConnectionError("the client went away")
        return content

    def _send(self, response: HttpResponse) -> None:
        """One write for the head and the body, so that a small answer is one packet."""
        phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else ""
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lower = {name.lower() for name in response.headers}
        bodiless = self.command == "HEAD" or response.status in (204, 304)
        lines += [f"{name}: {_one_line(value)}" for name, value in response.headers.items()]
        if "content-length" not in lower and response.status != 204:
            lines.append(f"Content-Length: {len(response.body)}")
        if "content-type" not in lower and response.body:
            lines.append("Content-Type: application/octet-stream")
        lines.append("Server: localaws")
        lines.append(f"Date: {formatdate(usegmt=True)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        body = b"" if bodiless else response.body
        if len(body) <= 65536:
            self.connection.sendall(head + body)
        else:
            self.connection.sendall(head)
            self.connection.sendall(body)

    def _cut(self) -> None:
        """Close at once, so that the client sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.command = getattr(self, "command", "") or "GET"
        self._send(HttpResponse(status.value, {"Content-Type": "text/plain"}, status.phrase.encode()))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """http.server's refusal of a request line or header that it cannot read."""
        self._refuse(HTTPStatus(code))

    def log_message(self, format: str, *args: object) -> None:
        """No request log: CloudTrail is the record."""


def _one_line(value: str) -> str:
    """A header value cannot end its line."""
    return value.replace("\r", " ").replace("\n", " ")


def port_is_taken(error: OSError) -> bool:
    """Whether ``Server(...)`` failed because another process has the port."""
    return error.errno in (socket.errno.EADDRINUSE, socket.errno.EACCES)  # type: ignore[attr-defined]
