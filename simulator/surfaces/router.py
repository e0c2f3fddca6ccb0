"""Paths to targets: exact ones and those that end in their only field by one look-up, others by
their segments."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Router(Generic[T]):
    """Built once from ``(method, template, target)``; a template's ``{name}`` takes one segment."""

    def __init__(self, routes: Iterable[tuple[str, str, T]]) -> None:
        self._exact: dict[str, dict[str, T]] = {}
        self._last_field: dict[str, tuple[str, dict[str, T]]] = {}
        self._templates: dict[int, dict[tuple[str, ...], dict[str, T]]] = {}
        for method, template, target in routes:
            if "{" not in template:
                self._exact.setdefault(template, {})[method] = target
                continue
            stem, _, last = template.rpartition("/")
            if "{" not in stem:
                self._last_field.setdefault(stem, (last[1:-1], {}))[1][method] = target
                continue
            segments = tuple(template.split("/"))
            by_segments = self._templates.setdefault(len(segments), {})
            by_segments.setdefault(segments, {})[method] = target

    def find(self, path: str) -> tuple[Mapping[str, T], dict[str, str]] | None:
        """The targets at a path by method, and the template's fields; None: no such path."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        stem, _, last = path.rpartition("/")
        ending = self._last_field.get(stem)
        if ending is not None and last:
            return ending[1], {ending[0]: last}
        segments = path.split("/")
        for template, targets in self._templates.get(len(segments), {}).items():
            fields = _match(template, segments)
            if fields is not None:
                return targets, fields
        return None


def _match(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    fields = {}
    for wanted, given in zip(template, segments, strict=True):
        if wanted.startswith("{"):
            if not given:
                return None
            fields[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return fields
