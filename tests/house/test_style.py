"""What the linters cannot say: shapes of code that this house does without."""

import ast
import builtins
import sys

from tests.house.repository import excused_lines, files, nodes, place

# Shapes of data, not families of behaviour.
DATA_BASES = frozenset(
    {"Enum", "Generic", "IntEnum", "NamedTuple", "Protocol", "StrEnum", "Struct", "TypedDict"}
)
READ_ONLY = ("Mapping", "Sequence", "Collection", "Set", "AbstractSet")
MUTABLE_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
MUTABLE_CALLS = frozenset({"dict", "list", "set", "bytearray", "defaultdict", "deque", "Counter"})


def last_name(node: ast.AST) -> str:
    """``Struct`` of ``msgspec.Struct`` or of ``Struct[int]``; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value) | ast.Call(func=value):
            return last_name(value)
        case _:
            return ""


def bases_of(definition: ast.ClassDef) -> set[str]:
    """Names of what a class inherits from, shapes of data left out."""
    return {last_name(base) for base in definition.bases} - DATA_BASES


def error_names() -> set[str]:
    """Exceptions: Python's own, and each class of ours that comes from one."""
    errors = {
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    ours = [node for _, node in nodes("simulator/") if isinstance(node, ast.ClassDef)]
    for _ in ours:
        errors |= {each.name for each in ours if bases_of(each) & errors}
    return errors


def is_mutable(value: ast.AST | None) -> bool:
    """Whether an expression makes something that can be changed in place."""
    if isinstance(value, ast.Call):
        return last_name(value) in MUTABLE_CALLS
    return isinstance(value, MUTABLE_DISPLAYS)


def is_state(statement: ast.stmt) -> bool:
    """Whether a statement of a module binds something mutable that is not typed as read-only."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return False
        case ast.Assign(value=value):
            return is_mutable(value)
        case ast.AnnAssign(value=value, annotation=annotation):
            wanted = ast.unparse(annotation).removeprefix("Final[")
            return is_mutable(value) and not wanted.startswith(READ_ONLY)
        case _:
            return False


def test_nothing_inherits_but_errors_and_shapes_of_data() -> None:
    errors = error_names()
    found = [
        place(path, node.lineno)
        for path, node in nodes("simulator/")
        if isinstance(node, ast.ClassDef) and bases_of(node) - errors
    ]
    assert found == []


def is_lookup(node: ast.AST) -> bool:
    """Whether an expression finds a thing by a name that is not written there."""
    match node:
        case ast.Call(func=ast.Name("getattr" | "setattr" | "delattr"), args=[_, name, *_]):
            return not isinstance(name, ast.Constant)
        case ast.Call(func=ast.Name("globals" | "locals" | "vars")):
            return True
        case _:
            return False


def test_nothing_is_looked_up_by_a_name_made_at_run_time() -> None:
    found = [
        place(path, node.lineno)
        for path, node in nodes("simulator/")
        if isinstance(node, ast.Call) and is_lookup(node)
    ]
    assert found == []


def test_no_module_keeps_state_that_can_change() -> None:
    found = [
        place(path, statement.lineno)
        for path, module in nodes("simulator/")
        if isinstance(module, ast.Module)
        for statement in module.body
        if is_state(statement) and statement.lineno not in excused_lines(path)
    ]
    assert found == []


def test_no_random_generator_is_made_without_a_seed() -> None:
    found = [
        place(path, node.lineno)
        for path, node in nodes("simulator/")
        if isinstance(node, ast.Call)
        and (
            last_name(node.func) == "SystemRandom"
            or (last_name(node.func) == "Random" and not node.args)
        )
    ]
    assert found == []


def test_no_function_rebinds_a_name_of_its_module() -> None:
    found = [
        place(path, node.lineno)
        for path, node in nodes("simulator/")
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    allowed = sys.stdlib_module_names
    imported = [
        (path, node.lineno, name)
        for path, node in nodes("simulator/domain/")
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    ]
    found = [
        f"{place(path, line)} {name}"
        for path, line, name in imported
        if name.partition(".")[0] not in allowed and not name.startswith("simulator.domain")
    ]
    assert found == []


def test_the_domain_awaits_nothing_opens_nothing_and_asks_for_no_time() -> None:
    asynchronous = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    impure = {"open", "print", "input", "now", "utcnow", "today", "read_text", "read_bytes"}
    found = [
        place(path, getattr(node, "lineno", 0))
        for path, node in nodes("simulator/domain/")
        if isinstance(node, asynchronous)
        or (isinstance(node, ast.Call) and last_name(node.func) in impure)
    ]
    assert found == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    ways_out = {"skip", "skipif", "importorskip", "xfail"}
    found = [
        place(path, node.lineno)
        for path, node in nodes("tests/")
        if isinstance(node, ast.Attribute)
        and node.attr in ways_out
        and last_name(node.value) in {"pytest", "mark"}
    ]
    assert found == []


def test_every_test_is_named_as_a_sentence() -> None:
    found = [
        f"{place(path, node.lineno)} {node.name}"
        for path, node in nodes("tests/")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name.split("_")) < 4
    ]
    assert found == []


def test_the_rooms_that_these_tests_guard_are_not_empty() -> None:
    assert [room for room in ("simulator/", "simulator/domain/", "tests/") if not files(room)] == []
