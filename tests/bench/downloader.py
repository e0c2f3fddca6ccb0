"""``python -m tests.bench.downloader URL PATH ...``: downloads files in turn, again and again."""

import http.client
import itertools
import sys


def main() -> None:
    """Until it is stopped."""
    host, _, port = sys.argv[1].removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    for path in itertools.cycle(sys.argv[2:]):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{path} answered {response.status}")


if __name__ == "__main__":
    main()
