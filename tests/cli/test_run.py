"""``mediasim run``: what its program is told, how it ends, and that nothing is left behind."""

import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.client import ControlClient
from simulator.commands.run_hosting import told
from simulator.engine.worlds import NewAccount
from simulator.settings import Settings
from tests.cli.process import TIMEOUT_S, environment, mediasim
from tests.client.simulator import simulator_at

RUN = (sys.executable, "-m", "simulator", "run")
PATCHED = """
import sys, time
from simulator.cli import main
from simulator.commands import run_child
{}
main()
"""

TELL = "import json, os; print(json.dumps(dict(os.environ)))"
BALANCE = """
import http.client, os
from urllib.parse import urlsplit
connection = http.client.HTTPConnection(urlsplit(os.environ["MEDIASIM_URL"]).netloc)
connection.request("GET", "/v1/balance", headers={"X-API-Key": os.environ["MEDIASIM_API_KEY"]})
print(connection.getresponse().read().decode())
"""
WAIT = """
import os, signal, sys
def leave(number, frame):
    os.write(1, b"heard %d\\n" % number)  # the signal may come in the middle of a print
    sys.exit(3)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, leave)
print(os.getpid(), os.environ["MEDIASIM_URL"], flush=True)
while True:
    signal.pause()
"""
COUNT_INTERRUPTS = """
import signal
wanted = {signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", flush=True)
signal.sigwait(wanted)
again = signal.sigtimedwait(wanted, 1)
print("heard", 1 if again is None else 2, flush=True)
"""


def ran(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return mediasim("run", *arguments, variables=variables)


def python(code: str, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program in Python, which must end well."""
    ended = ran(*options, "--", sys.executable, "-c", code, **variables)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended


@contextmanager
def waiting(code: str = WAIT, prefix: Sequence[str] = ()) -> "Iterator[subprocess.Popen[str]]":
    """A run whose program has begun; what it prints comes over ``stdout``."""
    process = subprocess.Popen(
        [*prefix, *RUN, "--", sys.executable, "-c", code],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


def begun(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The program's process id, and the simulator's address."""
    assert process.stdout is not None
    number, url = process.stdout.readline().split()
    return int(number), url


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_is_told_where_its_simulator_is_and_with_which_key() -> None:
    variables = json.loads(python(TELL, FOO="kept").stdout)
    url = variables["MEDIASIM_URL"]
    assert url.startswith("http://127.0.0.1:")
    assert variables["MEDIASIM_MCP_URL"] == url + "/mcp"
    assert variables["KUBEEZ_API_URL"] == url
    assert variables["MEDIASIM_API_KEY"] == variables["KUBEEZ_API_KEY"] == "sk_test_default"
    assert variables["FOO"] == "kept"


def test_the_simulator_answers_while_the_program_runs_and_has_its_options() -> None:
    assert json.loads(python(BALANCE, "--credits", "12.5").stdout)["credits"] == 12.5


def test_a_driving_command_within_finds_the_simulator() -> None:
    ended = ran("--frozen", sys.executable, "-m", "simulator", "clock", "advance", "30s")
    assert ended.stdout == "2026-01-01T00:00:30.000Z  frozen\n"


def test_the_state_is_in_its_file_afterwards(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    python(BALANCE, "--state", state, "--credits", "7")
    assert not list(tmp_path.glob("*-wal"))
    assert json.loads(python(BALANCE, "--state", state).stdout)["credits"] == 7


def test_the_only_key_of_a_file_of_accounts_is_the_programs(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[account]]\nkey = "sk_test_shop.till"\ncredits = 5\n', encoding="utf-8")
    shown = python(BALANCE, "--accounts", str(accounts), "--no-auto-keys").stdout
    assert json.loads(shown)["credits"] == 5


def test_the_first_account_is_told_with_its_namespace() -> None:
    accounts = {"shop": (NewAccount("main", 5, ()),)}
    variables = told("http://h", Settings(accounts=accounts, auto_keys=False))
    assert variables["MEDIASIM_NAMESPACE"] == "shop"
    assert variables["MEDIASIM_API_KEY"] == "sk_test_shop"


def test_a_snapshot_is_the_world_that_the_program_finds(tmp_path: Path) -> None:
    file = str(tmp_path / "shop.json")
    with simulator_at() as url, ControlClient(url, "shop") as client:
        client.put_account(client.key(), credits=12.5)
        client.snapshots.save("one")
        Path(file).write_bytes(client.snapshots.download("one"))
    assert json.loads(python(BALANCE, "--snapshot", file).stdout)["credits"] == 12.5


def test_the_exit_status_is_the_programs() -> None:
    assert ran("--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_program_that_a_signal_ended_gives_128_and_its_number() -> None:
    ended = ran("--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert (ended.returncode, ended.stderr) == (137, "")


def test_a_program_gets_its_arguments_input_and_outputs_as_they_are() -> None:
    code = "import sys; print(sys.argv[1:], sys.stdin.read()); print('e', file=sys.stderr)"
    ended = subprocess.run(
        [*RUN, "--", sys.executable, "-c", code, "--", "--seed", "a b"],
        env=environment(),
        input="given",
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert (ended.stdout, ended.stderr) == ("['--', '--seed', 'a b'] given\n", "e\n")


def test_a_program_begins_with_no_signal_held_back() -> None:
    code = "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    assert python(code).stdout == "0\n"


def test_a_missing_program_is_status_127_with_one_line() -> None:
    ended = ran("no-such-program", "--x")
    assert (ended.returncode, ended.stdout) == (127, "")
    assert ended.stderr == "no-such-program: command not found\n"


def test_a_file_that_is_no_program_is_status_126_with_one_line(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello\n", encoding="utf-8")
    ended = ran(str(text))
    assert (ended.returncode, ended.stdout) == (126, "")
    assert ended.stderr == f"{text}: Permission denied\n"


def test_a_state_that_cannot_be_opened_is_status_3_with_one_line(tmp_path: Path) -> None:
    state = tmp_path / "no" / "state.db"
    ended = ran("--state", str(state), "--", "true")
    assert (ended.returncode, ended.stdout) == (3, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"{state}: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--seed", "x", "--", "true"), "--seed x: expected"), ((), "Missing argument")],
)
def test_wrong_use_is_status_2(arguments: tuple[str, ...], said: str) -> None:
    ended = ran(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_goes_on_to_the_program_whose_status_counts(number: signal.Signals) -> None:
    with waiting() as process:
        pid, url = begun(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out, err) == (3, f"heard {number}\n", "")
    assert (is_alive(pid), answers(url)) == (False, False)


def test_a_program_that_takes_no_heed_of_sigterm_is_killed_in_the_end() -> None:
    code = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAIT}".replace(
        "(signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)", "()"
    )
    patched = PATCHED.format("run_child.GRACE_S = 0.2")
    process = subprocess.Popen(
        [sys.executable, "-c", patched, "run", "--", sys.executable, "-c", code],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    pid, url = begun(process)
    process.terminate()
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + signal.SIGKILL
    assert (is_alive(pid), answers(url)) == (False, False)


def test_a_signal_that_was_ignored_before_stays_ignored() -> None:
    code = WAIT.replace("SIGUSR1", "SIGHUP")
    with waiting(code, prefix=("nohup",)) as process:
        begun(process)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out) == (3, f"heard {signal.SIGTERM}\n")


def test_ctrl_c_at_a_terminal_reaches_the_program_once() -> None:
    here, there = pty.openpty()
    on_terminal = "import os, sys; os.login_tty(0); os.execv(sys.executable, sys.argv[1:])"
    # Two that come at the same moment would be one.
    late = "send = run_child._send; run_child._send = lambda *to: (time.sleep(0.2), send(*to))"
    command = [sys.executable, "-c", PATCHED.format(late), "run", "--", sys.executable, "-c"]
    process = subprocess.Popen(
        [sys.executable, "-c", on_terminal, *command, COUNT_INTERRUPTS],
        env=environment(),
        stdin=there,
    )
    os.close(there)
    with os.fdopen(here, "r+b", buffering=0) as screen:
        assert screen.readline() == b"ready\r\n"
        screen.write(b"\x03")
        assert screen.readline() == b"^Cheard 1\r\n"
        assert process.wait(TIMEOUT_S) == 0


def test_the_simulator_is_gone_when_the_program_has_ended() -> None:
    url = json.loads(python(TELL).stdout)["MEDIASIM_URL"]
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(url.removeprefix("http://")).connect()
