"""A failure as files that show it again: a shell script and a pytest file, neither of which needs
this suite."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import groupby
from typing import Any

from contracts.replays.script import Script

EDITABLE_ENV = "REPLAY_TARGET"
_NAME = re.compile(r"\$\{(url|world|kept_\d+_\d+)\}")
_OURS = re.compile(r"^from (?:__future__|contracts)\b[^\n(]*(?:\([^)]*\))?\n", re.MULTILINE)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
LINE_MOST = 68


def slug(script: Script) -> str:
    """A requirement's id and its surface as a file's name may hold them."""
    plain = _NOT_IN_NAMES.sub("_", script.story.requirement.lower()).strip("_")
    return f"{plain}_{script.story.surface}"


def file_names(script: Script) -> tuple[str, str]:
    """Of the shell script and of the pytest file, under ``replays``."""
    folder = f"replays/{slug(script)}"
    return f"{folder}/replay.sh", f"{folder}/test_replay_{slug(script)}.py"


def pytest_text(script: Script) -> str:
    """A test that passes as soon as the backend does what is required."""
    story = script.story
    steps = json.dumps({"steps": script.steps}, ensure_ascii=True)
    parts = [steps[at : at + LINE_MOST] for at in range(0, len(steps), LINE_MOST)]
    told = "\n".join(f"    {part!r}" for part in parts)
    head = "\n".join(f"# {line}" for line in _told(script))
    key_env, second = script.key_env, script.second_key_env or f"{script.key_env}_SECOND"
    return f'''{head}
# ruff: noqa
# mypy: ignore-errors
from __future__ import annotations

import os
import uuid
{_code("filefacts", "answers", "player")}
SCRIPT = json.loads(
{told}
)


def place():
    rest = os.environ.get("{EDITABLE_ENV}", "").rstrip("/")
    mcp = os.environ.get("{EDITABLE_ENV}_MCP", f"{{rest}}/mcp" if rest else {script.mcp!r})
    key = os.environ.get({key_env!r}, "")
    if not key and {script.simulated!r}:
        key = "sk_test_replay-" + uuid.uuid4().hex[:12]
    assert key, "the variable {key_env} must hold the account's key"
    return Place(rest or {script.rest!r}, mcp, key, os.environ.get({second!r}, ""), {script.poll_s})


def test_replay_{slug(script)}():
    {_one_line(story.says)!r}
    found = play(SCRIPT, place())
    told = "\\n".join(found.lines)
    expected, got = {story.expected!r}, {story.got!r}
    assert not found.shown, f"expected: {{expected}}\\ngot: {{got}}\\n{{told}}"
'''


def shell_text(script: Script) -> str:
    """For sh, with curl and python3. It ends with 0 when the backend does what is required, 1 when
    it is as broken as it was, 2 when that can't be told."""
    head = "\n".join(f"# {line}" for line in _told(script))
    second = script.second_key_env or f"{script.key_env}_SECOND"
    free = "KEY=${KEY:-sk_test_replay-$(date +%s)-$$}\n" if script.simulated else ""
    groups = groupby(script.steps, key=lambda step: step["crowd"] or -step["number"])
    body = "\n".join(_crowd(list(steps)) for _, steps in groups)
    # Behind another address MCP is where a simulator has it.
    mcp = f"${{{EDITABLE_ENV}:+$URL/mcp}}"
    return f"""#!/bin/sh
{head}
#
# Needs curl and python3. {EDITABLE_ENV} names another backend (and {EDITABLE_ENV}_MCP its MCP);
# the key is read from {script.key_env}.
# Exit status: 0 it does what is required; 1 it is as broken as it was; 2 that can't be told.
set -u
URL=${{{EDITABLE_ENV}:-{script.rest}}}
URL=${{URL%/}}
MCP=${{{EDITABLE_ENV}_MCP:-{mcp}}}
MCP=${{MCP:-{script.mcp}}}
KEY=${{{script.key_env}:-}}
{free}if [ -z "$KEY" ]; then
  echo "the variable {script.key_env} must hold the account's key" >&2
  exit 2
fi
WORLD=${{KEY#sk_test_}}
WORLD=${{WORLD%%.*}}
SECOND=${{{second}:-$KEY.second}}
WAIT_S={script.poll_s:g}
{_functions()}
{body}
printf 'expected: %s\n' {_quoted(_one_line(script.story.expected))}
printf 'got:      %s\n' {_quoted(_one_line(script.story.got))}
[ "$FACTS" -gt 0 ] || {{ echo "nothing could be looked at" >&2; exit 2; }}
if [ "$DIFFERENT" -eq 0 ]; then
  echo "STILL BROKEN: every fact is as it was recorded"
  exit 1
fi
echo "IT HOLDS: $DIFFERENT of $FACTS facts are not as they were recorded"
"""


def _functions() -> str:
    text = files("contracts.replays").joinpath("replay_functions.sh").read_text(encoding="utf-8")
    head = "from __future__ import annotations\n\n"
    return text.replace("#ANSWERS\n", head + _code("filefacts", "answers") + "\n")


def _code(*names: str) -> str:
    """The text of modules as one that needs none of them."""
    texts = []
    for name in names:
        text = files("contracts.replays").joinpath(f"{name}.py").read_text(encoding="utf-8")
        texts.append(_OURS.sub("", text.partition('"""\n\n')[2]).strip())
    return "\n\n\n".join(texts) + "\n"


def _told(script: Script) -> list[str]:
    story = script.story
    lines = [
        f"{story.requirement} [{story.surface}]",
        f"must hold: {story.says}",
        f"source: {story.source}",
        f"expected: {story.expected}",
        f"got: {story.got}",
    ]
    return [_one_line(line) for line in lines]


def _crowd(steps: Sequence[Mapping[str, Any]]) -> str:
    """Calls that are made at once, and then what is kept of each."""
    if len(steps) == 1:
        return "\n".join([*_asked(steps[0], "call"), *_looked_at(steps[0])])
    asked = [line for step in steps for line in _asked(step, "queue")]
    looked = [line for step in steps for line in _looked_at(step)]
    return "\n".join([*asked, "at_once", *looked])


def _asked(step: Mapping[str, Any], how: str) -> list[str]:
    base = {"rest": '"$URL"', "mcp": '"$MCP"', "": ""}[step["base"]]
    url = base + _word(step["path"]) or "''"
    headers = "".join(f" -H {_word(f'{k}: {v}')}" for k, v in step["headers"].items())
    lines = [f"\n# {step['number']}. {step['call']} ({step['surface']}, {_who(step)})"]
    lines += _body_lines(step)
    if step["watch"] and how == "call":
        facts = step["facts"] if step["watch"] == "shown" else []
        lines.append(f"WATCH={_word(json.dumps(facts, ensure_ascii=False))}")
    about = f"{step['number']} {step['method']} {url}"
    if step["control"]:
        looked = "needed" if step["facts"] else "optional"
        return [*lines, f"control_{looked} {about}{headers}"]
    return [*lines, f"{how} {about} {_key(step)}{headers}"]


def _looked_at(step: Mapping[str, Any]) -> list[str]:
    lines = []
    for take in step["take"]:
        path = shlex.quote(json.dumps(take["at"]))
        lines.append(f"{take['name']}=$(take {step['number']} {path})")
    for what in ("needs", "facts"):
        told = [_word(json.dumps(fact, ensure_ascii=False)) for fact in step[what]]
        if told:
            lines.append(f"{what} {step['number']} " + " \\\n  ".join(told))
    return lines


def _body_lines(step: Mapping[str, Any]) -> list[str]:
    if step["body_base64"]:
        about = f"{step['zeros']} {shlex.quote(step['tail'].encode('latin-1').hex())}"
        return [f"file_body {about} <<'END'", *_wrapped(step["body_base64"]), "END"]
    if step["body"]:
        return [f"printf '%s' {_word(step['body'])} > \"$DIR/body\""]
    return [': > "$DIR/body"']


def _wrapped(text: str) -> Sequence[str]:
    return [text[at : at + 96] for at in range(0, len(text), 96)]


def _key(step: Mapping[str, Any]) -> str:
    """The word that is the header with the key, or an empty one."""
    name = "Authorization: Bearer " if step["bearer"] else "X-API-Key: "
    main = f'"sk_test_$WORLD-{step["world"]}"' if step["world"] else '"$KEY"'
    match step["who"]:
        case "main":
            value = main
        case "second":
            value = f"{main}.second" if step["world"] else '"$SECOND"'
        case "bad":
            value = "no-such-key"
        case _:
            return "''"
    return f"{shlex.quote(name)}{value}"


def _who(step: Mapping[str, Any]) -> str:
    return {"main": "the account", "second": "another account", "bad": "a bad key"}.get(
        step["who"], "no key"
    )


def _word(text: str) -> str:
    """A word of the shell: as it is, but for the values that are filled in."""
    found, end = [], 0
    for match in _NAME.finditer(text):
        if match.start() > end:
            found.append(_quoted(text[end : match.start()]))
        name = {"url": "URL", "world": "WORLD"}.get(match[1], match[1])
        found.append(f'"${{{name}}}"')
        end = match.end()
    if end < len(text):
        found.append(_quoted(text[end:]))
    return "".join(found)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _one_line(text: str) -> str:
    return " ".join(text.split())
