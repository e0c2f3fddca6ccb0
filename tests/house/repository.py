"""The repository as the house tests see it: its files, their syntax trees, their comments."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(under: str = "", suffix: str = "") -> list[Path]:
    """Every file that is, or would be, committed; sorted, and there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = (ROOT / name for name in sorted(set(listed)) if name.startswith(under) and name != "")
    return [path for path in paths if path.is_file() and path.name.endswith(suffix)]


def place(path: Path, line: int) -> str:
    """``file:line``, from the root of the repository."""
    return f"{path.relative_to(ROOT).as_posix()}:{line}"


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each comment of a Python file."""
    reader = io.StringIO(path.read_text(encoding="utf-8")).readline
    for token in tokenize.generate_tokens(reader):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def has_words(text: str) -> bool:
    """Whether a text says something: two words at least."""
    return len(re.findall(r"[^\W\d_]{2,}", text)) > 1


def excused_lines(path: Path) -> frozenset[int]:
    """Lines whose comment gives a reason; a rule of the house may be broken there."""
    return frozenset(line for line, text in comments(path) if has_words(text))


def nodes(under: str) -> Iterator[tuple[Path, ast.AST]]:
    """Every syntax node of every Python file, but those on a line that carries a reason."""
    for path in files(under, ".py"):
        excused = excused_lines(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if getattr(node, "lineno", 0) not in excused:  # some nodes have no place
                yield path, node
