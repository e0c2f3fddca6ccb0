DIR=$(mktemp -d) || exit 2
trap 'rm -rf "$DIR"' EXIT
trap 'exit 2' HUP INT TERM
FACTS=0 DIFFERENT=0 WATCH= CONTROL=
cat > "$DIR/look.py" <<'PYTHON'
import base64
import hashlib
import json
import os
import sys

MISSING = "[missing]"


def answer(number):
    folder = os.environ["DIR"]
    with open(f"{folder}/{number}.body", "rb") as file:
        content = file.read()
    status, headers = 0, {}
    with open(f"{folder}/{number}.head", encoding="latin-1") as file:
        for line in file:
            if line.startswith("HTTP/"):
                status, headers = int(line.split()[1]), {}
            elif ":" in line:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
    text = content.decode("utf-8", "replace")
    if headers.get("content-type", "").startswith("text/event-stream"):
        text = "".join(line[5:] for line in text.splitlines() if line.startswith("data: {"))
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    digest = hashlib.sha256(content).hexdigest() if body is None else ""
    told = {"status": status, "header": headers, "body": body}
    return {**told, "bytes": len(content), "digest": digest}


def at(value, path):
    for part in path:
        if part == "#keys":
            return sorted(value) if isinstance(value, dict) else MISSING
        if part == "#digest":
            return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        if part == "#length":
            return len(value) if isinstance(value, list) else MISSING
        listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not listed and not (isinstance(value, dict) and part in value):
            return MISSING
        value = value[part]
    return value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def judged(number, path, wanted, since=None, earlier_path=None):
    found, what = at(answer(number), path), ".".join(map(str, path))
    if since is not None:
        earlier = at(answer(since), earlier_path)
        found = found - earlier if is_number(found) and is_number(earlier) else MISSING
        what += f" since step {since}"
    same = found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
    told = json.dumps(found, ensure_ascii=False)[:200]
    rest = "as recorded" if same else "was " + json.dumps(wanted, ensure_ascii=False)[:200]
    return same, f"step {number}: {what} is {told}, {rest}"


def main(what, number, *told):
    if what == "take":
        found = at(answer(number), json.loads(told[0]))
        sys.stdout.write(found if isinstance(found, str) else "")
    elif what == "fact":
        values = [json.loads(each) for each in told]
        same, line = judged(number, *values)
        print(line)
        return 0 if same else 1
    elif what == "seen":
        body = answer(number)["body"]
        running = any(
            at(body, path) in ("pending", "queued", "processing")
            for path in (["status"], ["result", "structuredContent", "status"])
        )
        facts = json.loads(told[0])
        rows = [(each["at"], each["is"], *each.get("since", ())) for each in facts]
        return 0 if not running or all(judged(number, *row)[0] for row in rows) else 1
    elif what == "file":
        content = base64.b64decode(sys.stdin.read()) + bytes(int(number)) + bytes.fromhex(told[0])
        with open(os.environ["DIR"] + "/body", "wb") as file:
            file.write(content)
    return 0


sys.exit(main(*sys.argv[1:]))
PYTHON

look() { DIR="$DIR" python3 "$DIR/look.py" "$@"; }
take() { look take "$@"; }
file_body() { look file "$@"; }

fact() {
  FACTS=$((FACTS + 1))
  look fact "$@" || DIFFERENT=$((DIFFERENT + 1))
}

send() { # NUMBER METHOD URL, and what else curl is told
  number=$1 method=$2 url=$3
  shift 3
  if [ "$method" = HEAD ]; then set -- -I "$@"; else set -- -X "$method" "$@"; fi
  if [ -s "$DIR/body" ]; then set -- --data-binary "@$DIR/body" "$@"; fi
  curl -sS --noproxy '*' --retry 3 --retry-connrefused --max-time 60 -g --path-as-is \
    -D "$DIR/$number.head" -o "$DIR/$number.body" "$@" "$url" || {
    echo "step $number: no answer" >&2
    exit 2
  }
  [ -e "$DIR/$number.body" ] || : > "$DIR/$number.body"
}

call() { # NUMBER METHOD URL KEY-HEADER, and headers; the key goes to curl in a file
  number=$1 method=$2 url=$3
  printf '%s\n' "$4" > "$DIR/key"
  shift 4
  waited=0
  while :; do
    send "$number" "$method" "$url" -H "@$DIR/key" "$@"
    if [ -z "$WATCH" ] || look seen "$number" "$WATCH" || [ "$waited" -ge 240 ]; then break; fi
    waited=$((waited + 1))
    sleep "$WAIT_S" 2> /dev/null || sleep 1
  done
  WATCH=
}

has_control() {
  if [ -z "$CONTROL" ]; then
    CONTROL=no
    curl -sS --noproxy '*' --max-time 60 -f -o /dev/null "$URL/_sim/info" 2> /dev/null \
      && CONTROL=yes
  fi
  [ "$CONTROL" = yes ]
}

control_optional() { if has_control; then send "$@"; fi; }

control_needed() {
  has_control || {
    echo "the target has no control plane to look into" >&2
    exit 2
  }
  send "$@"
}
