"""No kind of fault goes unshown, and what is said of the kinds holds together."""

import ast
from pathlib import Path

from simulator.domain.effects import KINDS, RIVALS
from simulator.engine.controls.faults import CALLS
from simulator.surfaces.file_faults import DOWNLOAD
from simulator.surfaces.rest import STREAMS, UPLOAD

HERE = Path(__file__).parent
NAMES = [kind.name for kind in KINDS]


def shown() -> set[str]:
    """The kinds that the tests of this folder are marked with."""
    return {
        node.args[0].value
        for file in sorted(HERE.glob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "fault"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_kind_of_fault_has_its_tests() -> None:
    assert sorted(set(NAMES) ^ shown()) == []


def test_kinds_are_named_once_and_say_what_they_do() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert [kind.name for kind in KINDS if not kind.says.endswith(".")] == []


def test_rivals_are_kinds_of_one_group_only() -> None:
    rivals = [name for group in RIVALS for name in group]
    assert (set(rivals) <= set(NAMES), len(rivals)) == (True, len(set(rivals)))


def test_rules_can_be_for_every_call_that_faults_can_touch() -> None:
    outside = {UPLOAD, DOWNLOAD, *(followed.name for followed in STREAMS)}
    assert outside < set(CALLS)
