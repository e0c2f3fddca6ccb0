DIR=$(mktemp -d) || exit 2
trap 'rm -rf "$DIR"' EXIT
trap 'exit 2' HUP INT TERM
FACTS=0 DIFFERENT=0 WATCH= CONTROL=
cat > "$DIR/look.py" <<'PYTHON'
#ANSWERS
import base64
import os
import subprocess
import sys
import time


def answer(number):
    folder = os.environ["DIR"]
    status, headers = 0, {}
    with open(f"{folder}/{number}.head", encoding="latin-1") as file:
        for line in file:
            if line.startswith("HTTP/"):
                status, headers = int(line.split()[1]), {}
            elif ":" in line:
                name, _, value = line.partition(":")
                headers[name.strip()] = value.strip()
    with open(f"{folder}/{number}.body", "rb") as file:
        told = answer_of(status, headers, file.read())
    if os.path.exists(f"{folder}/{number}.looks"):
        with open(f"{folder}/{number}.looks", encoding="utf-8") as file:
            told["looks"] = [json.loads(line) for line in file]
    return told


def looked(number, fact):
    numbers = [number, *fact.get("since", ())[:1], *fact.get("unlike", ())[:1]]
    return judged(fact, number, {each: answer(each) for each in numbers}, {})


def watched(number, facts, wait_s, command):
    """Asks again until a job shows these facts, or has ended."""
    wait_s = wait_s / 5 if facts else wait_s
    for _ in range(max(int(120 / wait_s), 1)):
        if subprocess.call(command):
            return 2
        look = {name: part for name, part in answer(number).items() if name != "looks"}
        with open(f"{os.environ['DIR']}/{number}.looks", "a", encoding="utf-8") as file:
            file.write(json.dumps(look) + "\n")
        shows = bool(facts) and all(looked(number, each)[0] for each in facts)
        put_off = look["status"] == PUT_OFF
        if shows or not (put_off or is_running(look["body"])):
            break
        time.sleep(2 if put_off else wait_s)
    return 0


def main(what, number, *told):
    if what == "take":
        found = at(answer(number), json.loads(told[0]))
        sys.stdout.write(found if isinstance(found, str) else "")
    elif what == "facts":
        found = [looked(int(number), json.loads(each)) for each in told]
        print("\n".join(line for _, line in found))
        different = sum(not same for same, _ in found)
        return 100 + min(different, 99) if different else 0
    elif what == "needs":
        found = [looked(int(number), json.loads(each)) for each in told]
        unmet = [line for met, line in found if not met]
        for line in unmet:
            print(f"{line}; with it nothing can be told", file=sys.stderr)
        return 2 if unmet else 0
    elif what == "watch":
        return watched(int(number), json.loads(told[0]), float(told[1]), told[2:])
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

facts() { # NUMBER, and facts about the answer to it
  look facts "$@"
  status=$?
  FACTS=$((FACTS + $# - 1))
  if [ "$status" -ge 100 ]; then
    DIFFERENT=$((DIFFERENT + status - 100))
  elif [ "$status" -ne 0 ]; then
    echo "step $1: the answer can't be looked at" >&2
    exit 2
  fi
}

needs() { # NUMBER, and what must be so there
  look needs "$@" || exit 2
}

send() { # NUMBER METHOD URL, and what else curl is told
  number=$1 method=$2 url=$3
  shift 3
  if [ "$method" = HEAD ]; then set -- -I "$@"; else set -- -X "$method" "$@"; fi
  if [ -s "$DIR/body" ]; then set -- --data-binary "@$DIR/body" "$@"; fi
  set -- curl -sS --noproxy '*' --retry 3 --retry-connrefused --max-time 60 -g --path-as-is \
    -D "$DIR/$number.head" -o "$DIR/$number.body" "$@" "$url"
  if [ -n "$WATCH" ]; then set -- look watch "$number" "$WATCH" "$WAIT_S" "$@"; fi
  WATCH=
  "$@" || {
    echo "step $number: no answer" >&2
    exit 2
  }
  [ -e "$DIR/$number.body" ] || : > "$DIR/$number.body"
}

call() { # NUMBER METHOD URL KEY-HEADER, and headers; the key goes to curl in a file
  number=$1 method=$2 url=$3
  printf '%s\n' "$4" > "$DIR/key"
  shift 4
  send "$number" "$method" "$url" -H "@$DIR/key" "$@"
}

quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

queue() { # NUMBER METHOD URL KEY-HEADER, and -H with headers: to be sent with others at once
  number=$1
  cp "$DIR/body" "$DIR/$number.sent"
  printf '%s\n' "$4" > "$DIR/$number.key"
  {
    [ ! -s "$DIR/queue" ] || echo next
    printf 'url = "%s"\nrequest = "%s"\n' "$(quoted "$3")" "$2"
    printf 'header = "@%s"\n' "$DIR/$number.key"
    [ ! -s "$DIR/body" ] || printf 'data-binary = "@%s"\n' "$DIR/$number.sent"
    printf 'output = "%s"\ndump-header = "%s"\n' "$DIR/$number.body" "$DIR/$number.head"
    printf 'silent\nshow-error\ngloboff\nnoproxy = "*"\nmax-time = 60\npath-as-is\n'
    shift 4
    while [ $# -gt 1 ]; do
      printf 'header = "%s"\n' "$(quoted "$2")"
      shift 2
    done
  } >> "$DIR/queue"
}

at_once() { # what is in the queue; needs curl 7.66, whose meter for several can't be silenced
  curl -sS --parallel --parallel-immediate -K "$DIR/queue" 2> "$DIR/meter" || {
    cat "$DIR/meter" >&2
    echo "of several calls at once, no answer" >&2
    exit 2
  }
  : > "$DIR/queue"
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
