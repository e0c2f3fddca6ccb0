"""What a request carries: its body as JSON, or a file in a form."""

import json
from collections.abc import Mapping

BOUNDARY = "mediasim-contract-part"
JSON_TYPE = ("Content-Type", "application/json")
FORM_TYPE = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")


def carrying(body: object, headers: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """The headers and the content of a request with this body, None for no body."""
    fields = {"Accept": "application/json", **headers}
    if body is None:
        return fields, b""
    return dict((JSON_TYPE,)) | fields, json.dumps(body).encode()


def form_of(content: bytes, filename: str, media_type: str) -> bytes:
    """A file in the form's field ``file``."""
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    return b"".join((head.encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()))
