"""Broken settings, accounts and options: status 2, one line, and nothing was begun."""

from pathlib import Path

import pytest

from simulator.cli import run
from simulator.commands import serve as command

OPTIONS = (
    (("--port", "abc"), "--port abc: expected a whole number from 0 to 65535"),
    (("--port", "65536"), "--port 65536: expected a whole number from 0 to 65535"),
    (("--port", "-1"), "--port -1: expected a whole number from 0 to 65535"),
    (("--port", ""), "--port '': expected a whole number from 0 to 65535"),
    (("--port", "٣"), "--port ٣: expected a whole number from 0 to 65535"),
    (("--port", "9" * 5_000), "expected a whole number from 0 to 65535"),
    (("--host", ""), "--host '': expected an address or a host's name"),
    (("--host", "a b"), "--host a b: expected an address or a host's name"),
    (("--host", "0.0.0.0"), "--host 0.0.0.0: an address that others can reach needs --admin-token"),
    (("--host", "::"), "--host ::: an address that others can reach needs --admin-token"),
    (("--host", "example.com"), "needs --admin-token"),
    (("--host", "0.0.0.0", "--admin-token", ""), "--admin-token: expected visible ASCII"),
    (("--admin-token", "two words"), "--admin-token: expected visible ASCII"),
    (("--seed", "1.5"), "--seed 1.5: expected a whole number from 0"),
    (("--seed", "9223372036854775808"), "expected a whole number from 0"),
    (("--speed", "0"), "--speed 0: expected simulated seconds per real one"),
    (("--speed", "nan"), "--speed nan: expected simulated seconds"),
    (("--speed", "inf"), "--speed inf: expected simulated seconds"),
    (("--speed", "fast"), "--speed fast: expected simulated seconds"),
    (("--credits", "-1"), "--credits -1: expected 0 to"),
    (("--credits", "0.0001"), "at most three decimals"),
    (("--credits", "1e999999"), "--credits 1e999999: expected 0 to"),
    (("--credits", "nan"), "--credits nan: expected 0 to"),
    (("--durability", "full"), "--durability full: expected --state FILE"),
    (("--durability", "best"), "--durability best: expected process or full"),
    (("--reset-state",), "--reset-state: there is nothing to reset, expected --state FILE"),
    (("--state", "postgresql://me:secret@db/x"), "PostgreSQL is not part of this version"),
    (("--state", "sqlite:///x.db"), "expected :memory: or a file"),
    (("--state", ":ram:"), "expected :memory: or a file"),
    (("--state", ""), "--state '': expected a file"),
    (("--state", "a\nb"), "--state 'a\\nb': expected a file"),
    (("--workers", "2"), "--workers 2: more than one needs PostgreSQL"),
    (("--workers", "many"), "--workers many: expected a whole number"),
    (("--public-url", "simulator.test"), "expected http://HOST or https://HOST"),
    (("--public-url", "ftp://simulator.test"), "expected http://HOST or https://HOST"),
    (("--public-url", "http://h:99999"), "expected http://HOST or https://HOST"),
    (("--public-url", "http://h/?key=1"), "expected no query and no fragment"),
    (("--cors-origin", "app.example"), "--cors-origin app.example: expected"),
    (("--cors-origin", "https://app.example/path"), "expected origins such as"),
    (("--policy", "long_prompt"), "expected reject or truncate"),
    (("--policy", "colour=red"), "unknown policy 'colour'"),
    (("--policy", "long_prompt=reject", "--policy", "idempotency=on"), "expected off or replay"),
    (("--log-format", "xml"), "--log-format xml: expected text or json"),
    (("--log-level", "loud"), "--log-level loud: expected debug or info"),
    (("--accounts", "no/such/file.toml"), "no/such/file.toml:1: No such file or directory"),
    (("--accounts", "/dev/zero"), "/dev/zero:1: expected a file"),
    (("--port-file", "no/such/folder/port"), "expected a file in a folder that exists"),
    (("--port-file", __file__), "it exists and holds no port, expected a new file"),
    (("--port-file", "."), "it exists and holds no port, expected a new file"),
    (("--state", "same.db", "--port-file", "same.db"), "is the state file, expected another"),
)
VARIABLES = (
    ("MEDIASIM_PORT", "high", "MEDIASIM_PORT high: expected a whole number from 0 to 65535"),
    ("MEDIASIM_FROZEN", "perhaps", "MEDIASIM_FROZEN perhaps: expected true or false"),
    ("MEDIASIM_NO_AUTO_KEYS", "", "MEDIASIM_NO_AUTO_KEYS '': expected true or false"),
    ("MEDIASIM_POLICY", "long_prompt=reject,x=y", "unknown policy 'x'"),
    ("MEDIASIM_HOST", "0.0.0.0", "needs --admin-token"),
)
ACCOUNTS = (
    # the file, the line, what is said
    ("[[account]\n", 1, "expected TOML"),
    ('[[account]]\nkey = "sk_test_a"\nkey = "sk_test_b"\n', 3, "expected TOML"),
    ('[[account]]\nkey = "sk_test_a\n', 2, "expected TOML"),
    ("\n[[account]]\n", 2, "key: expected sk_test_"),
    ('[[account]]\n\nkey = "sk_live_a"\n', 3, "key: expected sk_test_"),
    ("[[account]]\nkey = 7\n", 2, "key: expected sk_test_"),
    ('[[account]]\nkey = "sk_test_a b"\n', 2, "key: expected names of letters"),
    ('[[account]]\nkey = "sk_test_a."\n', 2, "key: expected names of letters"),
    ('[[account]]\nkey = "sk_test_a"\ncredits = -5\n', 3, "credits = -5: expected 0 to"),
    ('[[account]]\nkey = "sk_test_a"\ncredits = 0.0001\n', 3, "at most three decimals"),
    ('[[account]]\nkey = "sk_test_a"\ncredits = nan\n', 3, "expected 0 to"),
    ('[[account]]\nkey = "sk_test_a"\ncredits = "many"\n', 3, "credits: expected a number"),
    ('[[account]]\nkey = "sk_test_a"\ncredits = true\n', 3, "credits: expected a number"),
    ('[[account]]\nscopes = ["all"]\nkey = "sk_test_a"\n', 2, "scopes: expected a list"),
    ('[[account]]\nkey = "sk_test_a"\nscopes = "read:balance"\n', 3, "scopes: expected a list"),
    ('[[account]]\nkey = "sk_test_a"\nscopes = [["x"]]\n', 3, "scopes: expected a list"),
    ('[[account]]\nkey = "sk_test_a"\ncolour = 1\n', 3, "unknown field 'colour'"),
    ('[[account]]\nkey = "sk_test_a"\n[[account]]\nkey = "sk_test_a.main"\n', 4, "stands twice"),
    ('[account]\nkey = "sk_test_a"\n', 1, "expected only [[account]] tables"),
    ("account = [1]\n", 1, "expected a table with key, credits and scopes"),
    ("[server]\nport = 1\n", 1, "expected only [[account]] tables"),
    ("# Umlaute\n# \udcfc\n", 2, "expected UTF-8 text"),
    ("account = " + "[" * 5_000 + "\n", 1, "expected TOML"),
)


@pytest.fixture(autouse=True)
def listened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was bound: nothing may be. Relative paths are the test's own."""
    bound: list[str] = []
    monkeypatch.setattr(command, "bind", lambda host, port: bound.append(host))
    monkeypatch.chdir(tmp_path)
    return bound


def refused(
    arguments: tuple[str, ...], listened: list[str], capsys: pytest.CaptureFixture[str]
) -> str:
    """Runs ``serve``, which must end with 2 before it listens or makes a file; its one line."""
    before = sorted(Path().iterdir())
    assert run(["serve", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, listened, sorted(Path().iterdir())) == ("", [], before)
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize(("arguments", "said"), OPTIONS)
def test_a_wrong_option_is_told_in_one_line_before_anything_begins(
    arguments: tuple[str, ...],
    said: str,
    listened: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said in refused(arguments, listened, capsys)


@pytest.mark.parametrize(("name", "value", "said"), VARIABLES)
def test_a_wrong_variable_is_told_by_its_name(
    name: str,
    value: str,
    said: str,
    listened: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    assert said in refused((), listened, capsys)


@pytest.mark.parametrize(("text", "number", "said"), ACCOUNTS)
def test_a_wrong_file_of_accounts_is_told_with_its_line(
    text: str,
    number: int,
    said: str,
    listened: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    line = refused(("--accounts", str(path), "--state", "state.db"), listened, capsys)
    assert line.startswith(f"{path}:{number}: ")
    assert said in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--prot", "1"),
        ("serve", "--port"),
        ("serve", "extra"),
        ("sing",),
        ("price",),
        ("price", "nano-banana", "--image", "many"),
        ("price", "nano-banana", "--policy", "x=y"),
        ("models", "--type", "smell"),
        ("rulings", "--strength", "weak"),
        ("doctor", "--port", "0"),
        ("demo", "--speed", "0"),
        ("demo", "--speed", "nan"),
        ("demo", "--out", "/dev/null/out"),
    ],
)
def test_wrong_use_of_any_command_is_status_2_without_a_traceback(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert "Traceback" not in err


def test_a_password_in_an_option_is_not_repeated(
    listened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(("--state", "postgresql://me:secret@db/x"), listened, capsys)
    assert "secret" not in line
