"""Where the suite's data lies, and TOML read so that a mistake is told with its file and line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_LINE_OF_ERROR = re.compile(r"\(at line (\d+),")


class DataError(Exception):
    """A file of data is not as it should be: ``file:line: what, what was expected``."""

    def __init__(self, file: Path, line: int, text: str) -> None:
        super().__init__(f"{file.name}:{line}: {text}")
        self.file = file
        self.line = line
        self.text = text


def fixtures_folder() -> Path:
    """The data beside the checkout's packages, or inside the installed package."""
    here = Path(__file__).resolve().parent
    inside = here / "_fixtures"
    return inside if inside.is_dir() else here.parent / "fixtures"


def read_toml(file: Path) -> dict[str, Any]:
    """One file. Raises DataError when it is no TOML or can't be read."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_ERROR.search(str(error))
        raise DataError(file, int(found[1]) if found else 1, str(error)) from error
    except UnicodeDecodeError as error:
        raise DataError(file, 1, f"{error}, expected UTF-8") from error
    except OSError as error:
        raise DataError(file, 1, error.strerror or str(error)) from error


def rows(file: Path, table: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The ``[[table]]`` rows of a file, each with the line at which it begins. Raises DataError."""
    found = read_toml(file).get(table, [])
    if not isinstance(found, list):
        raise DataError(file, 1, f"expected [[{table}]] rows")
    heads = re.compile(rf"^\s*\[\[\s*{re.escape(table)}\s*\]\]", re.MULTILINE)
    text = file.read_text("utf-8")
    lines = [text.count("\n", 0, head.end()) + 1 for head in heads.finditer(text)]
    if len(lines) != len(found):
        lines = [1] * len(found)  # written in another way: the file is told, the line is not
    yield from zip(lines, found, strict=True)
