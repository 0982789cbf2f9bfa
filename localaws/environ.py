"""An HTTP request in the form that moto's routing and Response classes read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.core.request import Request
from werkzeug.datastructures import ImmutableMultiDict


def moto_request(
    method: str, raw_path: str, raw_query: str, host: str, headers: Mapping[str, str], body: bytes, form: bool
) -> Request:
    """``raw_path`` and ``raw_query`` are percent-encoded; ``headers`` need no Host and no Content-Length.

    ``form`` says whether the body may be read as a form. An S3 object that claims to be one is content all the same.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(raw_path, "latin-1"),
        "RAW_URI": raw_path,
        "QUERY_STRING": raw_query,
        "SERVER_NAME": host,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ["HTTP_HOST"] = host
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(body))
    request = Request(environ)
    if not form:
        request.get_data()
        request.__dict__.update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
    return request
