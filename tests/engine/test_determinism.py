"""The same seed and script give the same bytes in any process, whatever its hash seed."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from simulator.engine.worlds import Defaults
from tests.engine.script import transcript
from tests.engine.world import make_provider

ROOT = Path(__file__).parents[2]
STEPS = 10_000
CODE = f"""
import sys
from simulator.engine.worlds import Defaults
from tests.engine.script import transcript
from tests.engine.world import make_provider
provider = make_provider(defaults=Defaults(frozen=True, seed=11))
sys.stdout.buffer.write(transcript(provider, 5, {STEPS}))
"""


def test_ten_thousand_steps_give_the_same_bytes_under_any_hash_seed() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", CODE],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone, "LC_ALL": "C"},
            stdout=subprocess.PIPE,
        )
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert outputs[0].count(b"\n") == STEPS
    assert outputs[0].count(b'"Started: ') > STEPS // 20
    assert [sha256(each).hexdigest() for each in outputs] == [sha256(outputs[0]).hexdigest()] * 2


def test_a_script_is_not_the_same_under_another_world_seed() -> None:
    one, other = (
        transcript(make_provider(defaults=Defaults(frozen=True, seed=seed)), 5, 100)
        for seed in (11, 12)
    )
    assert one != other
