import argparse
import os
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from tests.candidate.app import build
from tests.candidate.defects import chosen
from tests.candidate.service import Settings

KEYS = ("CANDIDATE_KEY", "CANDIDATE_SECOND_KEY")


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.candidate",
        description="A second backend of the provider's API, with some honest mistakes.",
        epilog=f"The keys of its two accounts stand in {' and '.join(KEYS)}.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--port-file", type=Path, help="where the port is written")
    parser.add_argument("--credits", type=int, default=10_000, help="of the first account")
    parser.add_argument("--second-credits", type=int, default=10_000, help="of the second one")
    parser.add_argument("--job-seconds", type=float, default=1.0, help="how long a job takes")
    parser.add_argument("--fixed", action="store_true", help="without any of the mistakes")
    parser.add_argument("--without-defect", action="append", default=[], metavar="NAME")
    return parser.parse_args()


def main() -> None:
    """Serve until stopped."""
    told = options()
    try:
        defects = chosen(fixed=told.fixed, without=told.without_defect)
    except ValueError as error:
        sys.exit(str(error))
    keys = [os.environ.get(name, "") for name in KEYS]
    if not all(keys):
        sys.exit(f"{' and '.join(KEYS)} must hold the keys of the two accounts")
    # Named as TCP, so that the event loop sends small answers without waiting.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", told.port))
    port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            keys=((keys[0], told.credits), (keys[1], told.second_credits)),
            folder=Path(folder),
            job_s=told.job_seconds,
            defects=defects,
        )
        app = build(settings, f"http://127.0.0.1:{port}")
        listener.listen()
        if told.port_file:
            written = told.port_file.with_suffix(".part")
            written.write_text(str(port))
            written.replace(told.port_file)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
