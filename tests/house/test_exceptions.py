"""An exception to a rule carries its reason on the same line."""

import re
import tomllib

import pytest

from tests.house.repository import ROOT, comments, files, has_words, place

CODES = r"(?::\s*[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?"
SUPPRESSION = re.compile(
    rf"(?:ruff:\s*|flake8:\s*)?noqa{CODES}"
    r"|type:\s*ignore(?:\[[^\]]*\])?"
    r"|mypy:\s*[\w-]+(?:=\S+)?"
    r"|pragma:\s*no\s+(?:cover|branch)"
    r"|(?:ruff|isort):\s*(?:skip_file|skip|off|disable)\S*"
    r"|fmt:\s*(?:off|skip)",
    re.IGNORECASE,
)


def unexplained(comment: str) -> bool:
    """Whether a comment silences a tool and says nothing else."""
    rest, silenced = SUPPRESSION.subn("", comment)
    return silenced > 0 and not has_words(rest)


@pytest.mark.parametrize(
    "comment",
    [
        "# no" + "qa",
        "# no" + "qa: F401, E501",
        "# type" + ": ignore[arg-type]",
        "# pragma" + ": no cover",
        "# pragma" + ": no branch -",
        "# fmt" + ": off",
    ],
)
def test_a_bare_suppression_is_seen(comment: str) -> None:
    assert unexplained(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "# no" + "qa: S104 - the operator asked for it",
        "# type" + ": ignore[arg-type]  # the stub is wrong",
        "# pragma" + ": no cover - only on Windows",
        "# nothing is silenced here",
    ],
)
def test_a_suppression_with_its_reason_is_let_through(comment: str) -> None:
    assert not unexplained(comment)


def test_every_suppression_in_the_code_says_why() -> None:
    found = [
        place(path, line)
        for path in files(suffix=".py")
        for line, text in comments(path)
        if unexplained(text)
    ]
    assert found == []


def test_every_rule_that_is_switched_off_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    switched_off = {*lint["ignore"], *lint["per-file-ignores"]["tests/**"]}
    explained = {
        code
        for line in text.splitlines()
        if has_words(line.partition("#")[2])
        for code in re.findall(r'"([A-Z]+[0-9]*)"', line.partition("#")[0])
    }
    assert sorted(switched_off - explained) == []


def test_every_file_with_rules_of_its_own_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    own = [line for line in text.splitlines() if re.match(r'".*\.py" = \[', line)]
    assert own
    assert [line for line in own if not has_words(line.partition("#")[2])] == []
