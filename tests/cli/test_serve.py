"""``mediasim serve`` as a process: what it says, what it refuses to start on, how it ends."""

import hashlib
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.commands.serve import address
from tests.cli.process import await_ready, environment, mediasim, serving, start


def test_the_ready_line_has_the_fixed_fields_in_their_order() -> None:
    with serving("--seed", "7") as simulator:
        ready = simulator.ready
        assert list(ready) == ["event", "url", "mcp", "pid", "seed", "version"]
        assert ready["event"] == "ready"
        assert ready["mcp"] == ready["url"] + "/mcp"
        assert ready["pid"] == simulator.process.pid
        assert ready["seed"] == 7


def test_the_ready_line_is_all_that_standard_output_gets() -> None:
    with serving("--log-level", "debug") as simulator:
        simulator.get("/v1/balance")
        simulator.get("/nowhere")
        _, out, err = simulator.stop()
    assert out == ""
    assert "/nowhere" in err


def test_it_answers_as_soon_as_it_says_that_it_is_ready() -> None:
    with serving() as simulator:
        assert simulator.get("/v1/balance")[0] == 200


def test_sigterm_ends_it_with_status_0() -> None:
    with serving() as simulator:
        status, _, _ = simulator.stop()
    assert status == 0


def test_a_taken_port_is_status_3_and_leaves_the_state_file_unmade(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = mediasim("serve", "--port", port, "--state", str(state))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.splitlines() == [
        f"cannot listen on 127.0.0.1:{port}: Address already in use"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_second_process_on_a_state_file_is_status_3_and_names_the_first(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with serving("--state", state) as first:
        second = mediasim("serve", "--port", "0", "--state", state)
    assert (second.returncode, second.stdout) == (3, "")
    (line,) = second.stderr.splitlines()
    assert f"in use by the process {first.process.pid}" in line


def test_a_damaged_state_file_is_status_3_with_one_line_and_stays_as_it_was(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state.db"
    with serving("--state", str(state)) as simulator:
        simulator.stop()
    state.write_bytes(state.read_bytes()[:5_000])
    before = hashlib.sha256(state.read_bytes()).hexdigest()
    ended = mediasim("serve", "--port", "0", "--state", str(state))
    assert (ended.returncode, ended.stdout) == (3, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"{state}: ")
    assert "--reset-state" in line
    assert hashlib.sha256(state.read_bytes()).hexdigest() == before


def test_reset_state_moves_a_damaged_file_aside_and_starts(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    state.write_text("no database", encoding="utf-8")
    with serving("--state", str(state), "--reset-state") as simulator:
        assert simulator.get("/v1/balance")[0] == 200
    assert "no database" in [
        path.read_bytes()[:11].decode("latin-1") for path in tmp_path.glob("state.db.aside*")
    ]


def test_state_in_a_file_is_there_again_after_a_stop(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with serving("--state", state, "--credits", "12.5", "--durability", "full") as simulator:
        simulator.get("/v1/balance")
        simulator.stop()
    with serving("--state", state) as simulator:
        assert simulator.get("/v1/balance")[1]["credits"] == 12.5
        simulator.stop()
    with sqlite3.connect(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_the_port_file_holds_the_port_while_it_runs_and_is_gone_afterwards(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    with serving("--port-file", str(port_file)) as simulator:
        assert int(port_file.read_text(encoding="ascii")) == simulator.port
        simulator.stop()
    assert not port_file.exists()


def test_variables_choose_what_options_leave_open() -> None:
    with serving("--seed", "3", MEDIASIM_SEED="9", MEDIASIM_CREDITS="77") as simulator:
        assert simulator.ready["seed"] == 3
        assert simulator.get("/v1/balance")[1]["credits"] == 77


def test_a_variable_that_no_option_reads_is_named_on_standard_error() -> None:
    with serving(MEDIASIM_PROT="1", MEDIASIM_API_KEY="sk_test_default") as simulator:
        _, _, err = simulator.stop()
    assert err.splitlines() == ["MEDIASIM_PROT: no option has this variable; it is ignored"]


def test_accounts_of_a_file_have_their_credits_and_nobody_else_has_any(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[account]]\nkey = "sk_test_shop.till"\ncredits = 5\n', encoding="utf-8")
    with serving("--accounts", str(accounts), "--no-auto-keys") as simulator:
        assert simulator.get("/v1/balance", "sk_test_shop.till")[1]["credits"] == 5
        assert simulator.get("/v1/balance", "sk_test_nobody")[0] == 401


def test_a_public_url_is_what_the_ready_line_says() -> None:
    process = start("--public-url", "http://simulator.test:8000/api/")
    try:
        assert await_ready(process).url == "http://simulator.test:8000/api"
    finally:
        process.kill()
        process.communicate()


def test_ten_at_once_take_ten_ports() -> None:
    processes = [start() for _ in range(10)]
    try:
        simulators = [await_ready(process) for process in processes]
        assert len({simulator.port for simulator in simulators}) == 10
        assert [simulator.get("/v1/balance")[0] for simulator in simulators] == [200] * 10
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:4747"),
        ("localhost", "http://localhost:4747"),
        ("::1", "http://[::1]:4747"),
        ("0.0.0.0", "http://127.0.0.1:4747"),
        ("::", "http://[::1]:4747"),
    ],
)
def test_the_url_is_one_that_this_machine_can_reach(host: str, url: str) -> None:
    assert address(host, 4747) == url


def test_the_collector_passes_over_what_a_start_made() -> None:
    code = (
        "import gc, sys; from simulator.commands import serve as command;"
        "command.run_server = lambda app, on_ready, **given: on_ready(0) or 0;"
        "command.serve({'port': '0'}); print(gc.get_freeze_count(), file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert int(shown.stderr) > 10_000
