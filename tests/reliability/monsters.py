"""Values that break parsers, stores and arithmetic, where one stands for many of its kind."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Raw:
    """JSON text, or what pretends to be it, that no Python value would be written as."""

    text: str


MILLION = "x" * 1_000_000

NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    0.1,
    -0.0,
    1e300,
    5e-324,
    True,
    False,
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-Infinity"),
    Raw("1e999"),
    Raw("-1e999"),
    Raw("1e-999"),
    Raw("9" * 5_000),
    Raw("-" + "9" * 4_200),
    Raw("0." + "1" * 5_000),
    Raw("01"),
    Raw("0x10"),
    Raw("1" + "0" * 400 + ".5"),
)

TEXTS: tuple[Any, ...] = (
    "",
    " ",
    "4s",
    "5",
    "\u0665",
    "\x00",
    "a\x00b",
    "\x1b[31mred",
    "\r\nX: y",
    "🎬" * 50,
    "é" * 300,
    "x" * 30_000,
    MILLION,
    Raw('"\\ud800"'),
    Raw('"\\udc00\\ud800"'),
    Raw('"\\ud83c\\udfac"'),
    Raw('"\\x41"'),
    "[sim:fail]",
    "[sim:slow=99999.999]",
    "[sim:slow=0.001][sim:stuck]",
    "../../etc/passwd",
    "file:///etc/passwd",
    "http://[::1",
    "http://127.0.0.1:4747/media/w/uploads/00000000-0000-4000-a000-000000000000.png",
    "https://example.com/a.PNG?x=.mp4#.mp3",
    "//x.png",
    "9999-12-31T23:59:59.999999+00:00",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T00:00:00Z",
    "2026-01-02T03:04:05",
    "next_event",
    "%s%n{0}",
    "'; DROP TABLE jobs; --",
)

VALUES: tuple[Any, ...] = (
    None,
    {},
    [],
    [[]],
    {"": {}},
    {"a": [1, None, {"b": "c"}]},
    ["x"] * 10_000,
    {str(number): number for number in range(1_000)},
    [None],
    [True],
    [4, "4s"],
    ["https://example.com/a.png"] * 40,
    [{"name": "cat"}] * 4,
    [{"name": 5, "element_input_urls": {"a": 1}}],
    [{"name": "cat", "element_input_urls": ["https://example.com/a.png", None]}],
    {"generation_id": "x", "status": "completed"},
    {"generation_id": None, "status": []},
    Raw("[" * 60 + "]" * 60),
    Raw("[" * 64 + "]" * 64),
    Raw('{"a":' * 40 + "1" + "}" * 40),
)

BODIES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"null",
    b"true",
    b"5",
    b'"text"',
    b"[]",
    b"[1, 2]",
    b"{",
    b"}",
    b"{}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"9" * 5_000,
    b"1e999",
    b"NaN",
    b'"\\ud800"',
    b'{"model": "z-image", "prompt": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"prompt": "a", "prompt": 5, "model": "z-image", "model": "nano-banana"}',
    b'{"prompt": "\x00", "model": "z-image"}',
    b'{"prompt": "\\u0000", "model": "z-image"}',
    b'{"prompt": "\xff\xfe", "model": "z-image"}',
    b'\xef\xbb\xbf{"prompt": "bom", "model": "z-image"}',
    '{"prompt": "sixteen bits"}'.encode("utf-16"),
    b'{"model": "z-image", "prompt": "' + b"x" * 1_000_000 + b'"}',
    b'{"model": "z-image", "prompt": "' + b"x" * 1_100_000 + b'"}',
    b'{"model": "z-image", "prompt": "x"} {"again": 1}',
    b'{"model": "z-image", "prompt": "x",}',
    b"model=z-image&prompt=x",
    b"--b\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\nx\r\n--b--\r\n",
    b"--b\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\n\x89PNG\r\n--b",
    b"--b\r\n\r\n--b--",
    b"--b\r\nContent-Disposition: form-data; name=file; filename=../../x.mp4\r\n\r\nx\r\n--b--\r\n",
    b"\x00" * 1_000,
)

HEADER_VALUES: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"authorization", (b"Bearer ", b"Bearer sk_test_w", b"Basic eDp5", b"bearer\xff", b"")),
    (b"x-api-key", (b"", b"sk_test_w.", b"sk_test_\xe9", b"sk_test_" + b"x" * 200, b"a" * 9_000)),
    (b"idempotency-key", (b"", b"k", b"\xff" * 300, b"x" * 5_000)),
    (b"content-type", (b"", b"text/plain", b"application/json; charset=utf-16", b"\xff", b"a/b;")),
    (b"content-length", (b"-1", b"x", b"9" * 5_000, b"", b"0", b"1e3")),
    (b"host", (b"", b"evil.example", b"127.0.0.1:99999", b"[::1", b"\xff", b"localhost:")),
    (b"origin", (b"null", b"http://evil.example", b"\xff", b"", b"file://", b"http://127.0.0.1")),
    (b"range", (b"bytes=0-", b"bytes=-0", b"bytes=9-1", b"bytes=" + b"9" * 5_000 + b"-", b"x")),
    (b"if-none-match", (b"*", b'"', b"W/", b"\xff")),
    (b"accept", (b"text/event-stream", b"\xff", b"*/*;q=x")),
    (b"x-sim-fault", (b"\xff", b"{", b"none")),
    (b"x-sim-delay", (b"-1", b"NaN", b"9" * 400)),
    (b"x-sim-seed", (b"-1", b"9" * 5_000, b"x")),
    (b"x-sim-scenario", (b"none", b"../x", b"")),
    (b"transfer-encoding", (b"chunked", b"identity", b"x")),
    (b"expect", (b"100-continue", b"x")),
)

QUOTED: tuple[str, ...] = (
    "",
    "9" * 5_000,
    "9223372036854775808",
    "-1",
    "1.5",
    "1e999",
    "NaN",
    "true",
    "[]",
    "%00",
    "%0a",
    "%1b[31m",
    "%ff",
    "%ED%A0%80",
    "%F0%9F%8E%AC",
    "%zz",
    "%25zz",
    "&",
    "=",
    "+",
    "completed",
    "image",
    "x" * 2_000,
    "..%2f..%2fetc%2fpasswd",
)
"""Values as a URL carries them; broken escapes and half surrogates among them."""

_MARK = "\ue000raw"


def to_json(value: Any) -> bytes:
    """JSON text in which every ``Raw`` stands as it is written; half surrogates as escapes."""
    raws: list[str] = []

    def marked(raw: Any) -> str:
        raws.append(raw.text)
        return f"{_MARK}{len(raws) - 1}{_MARK}"

    text = json.dumps(value, default=marked, ensure_ascii=False)
    for number, raw in enumerate(raws):
        text = text.replace(f'"{_MARK}{number}{_MARK}"', raw, 1)
    return text.encode("utf-8", "surrogatepass")
