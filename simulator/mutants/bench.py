"""What a mutant is made with: one value or one function of the simulator put in another's place."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Any, Literal
from unittest.mock import patch

from starlette.types import ASGIApp

from simulator.domain.catalog import Catalog, Model

Kind = Literal[
    "authorisation", "schema", "validation", "billing", "life cycle", "MCP", "concurrency"
]
Change = Callable[[Any], Any]
_PRODUCTS = ("music", "dialogue", "ads", "captions", "separation")
Around = Callable[[ASGIApp], ASGIApp]


class Bench:
    """Of one process, before its simulator is built. ``reached``: how often a fault made a
    difference. Everything that a mutant changes goes through ``put`` or ``around``."""

    def __init__(self) -> None:
        self.reached = 0
        self._changes = ExitStack()
        self._around: list[Around] = []

    def hit(self) -> None:
        """A fault has made a difference."""
        self.reached += 1

    def put(self, place: str, value: object) -> None:
        """Another value at a dotted place, such as ``simulator.engine.provider.quote``."""
        self._changes.enter_context(patch(place, value))

    def wrap(self, change: Change, *places: str) -> None:
        """What ``change`` makes of the value, at each place."""
        for place in places:
            self.put(place, change(resolve_name(place)))

    def around(self, outer: Around) -> None:
        """An app before the simulator's."""
        self._around.append(outer)

    def surround(self, app: ASGIApp) -> ASGIApp:
        """The simulator's app with all that is around it."""
        for outer in self._around:
            app = outer(app)
        return app

    def undo(self) -> None:
        """Everything as it was; the count stays."""
        self._changes.close()

    # ---- values that many mutants change -----------------------------------------------------

    def rows(self, changes: Mapping[str, Callable[[Model], Model]]) -> None:
        """Other rows of the catalogue, by id. Reached: one was asked for, or charged by."""

        def load(original: Callable[..., Catalog]) -> Callable[..., Catalog]:
            def loads(folder: Any) -> Catalog:
                rows = original(folder).models
                unknown = sorted(set(changes) - {row.id for row in rows})
                if unknown:
                    raise LookupError(f"no row {unknown[0]} in the catalogue")
                return Catalog(changes.get(row.id, _same)(row) for row in rows)

            return loads

        def seen(name: Callable[[Any], str]) -> Change:
            def change(find: Callable[..., Any]) -> Callable[..., Any]:
                def finds(*given: Any, **named: Any) -> Any:
                    result = find(*given, **named)
                    if name(result) in changes:
                        self.hit()
                    return result

                return finds

            return change

        self.wrap(load, "simulator.app.load_catalog")
        self.wrap(seen(lambda model: str(model.id)), "simulator.engine.provider.resolve")
        self.wrap(
            seen(lambda quote: str(quote.row)),
            "simulator.engine.provider.quote",
            *(f"simulator.engine.products.{room}.product_quote" for room in _PRODUCTS),
        )

    def row(self, name: str, **changes: Any) -> None:
        """One other row of the catalogue."""
        self.rows({name: lambda row: replace(row, **changes)})

    def without_rule(self, name: str, place: str) -> None:
        """A table of rules of which one never refuses. Reached: it would have."""

        def silent(check: Callable[[Any], object]) -> Callable[[Any], None]:
            def asked(given: Any) -> None:
                if check(given) is not None:
                    self.hit()

            return asked

        self.rule(name, silent, place)

    def rule(self, name: str, change: Change, place: str) -> None:
        """A table of rules of which one has another check."""

        def changed(rules: Iterable[Any]) -> tuple[Any, ...]:
            kept = tuple(rules)
            if name not in [rule.id for rule in kept]:
                raise LookupError(f"no rule {name} at {place}")
            return tuple(
                replace(rule, check=change(rule.check)) if rule.id == name else rule
                for rule in kept
            )

        self.wrap(changed, place)

    def operation(self, name: str, change: Change) -> None:
        """Another operation, as a route and as a tool."""

        def routes(operations: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(change(each) if each.name == name else each for each in operations)

        self.wrap(routes, "simulator.surfaces.rest.OPERATIONS")
        self.tools(
            lambda tools: {
                each: change(tool) if each == name else tool for each, tool in tools.items()
            }
        )

    def tools(self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Another table of tools, before the MCP room is loaded."""
        self.wrap(
            change,
            "simulator.surfaces.tools.TOOLS",
            "simulator.surfaces.mcp_gate.TOOLS",
            "simulator.surfaces.recording.TOOLS",
        )

    def answer(self, change: Callable[[Any], Any], *places: str) -> None:
        """What a function returns, changed. Reached: the change made a difference."""

        def outer(function: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *given, **named: self.counted(change, function(*given, **named))

        self.wrap(outer, *places)

    def awaited(self, change: Callable[[Any], Any], *places: str) -> None:
        """The same of a function that is awaited."""

        def outer(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def answers(*given: Any, **named: Any) -> Any:
                return self.counted(change, await function(*given, **named))

            return answers

        self.wrap(outer, *places)

    def counted(self, change: Callable[[Any], Any], value: Any) -> Any:
        """``value`` changed; a hit if that differs."""
        changed = change(value)
        if changed != value:
            self.hit()
        return changed


Apply = Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A simulator with one fault. ``says``: what it does wrong. ``requirement``: the id of the
    contract's requirement that must find it, chosen beforehand."""

    name: str
    kind: Kind
    says: str
    requirement: str
    apply: Apply


def _same(row: Model) -> Model:
    return row
