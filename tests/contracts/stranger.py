"""The suite's checks against the second backend in this process, without the guard before it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from contracts.keys import Keys, Scrubber
from contracts.run import Findings, Runner, Settings
from contracts.target import Target, from_file
from contracts.verdicts import Finding, settled
from contracts.wire import Wire
from tests.candidate.defects import DEFECTS
from tests.candidate.running import MAIN, SECOND, within
from tests.contracts.trial import plan_of

PROFILE = Path(__file__).parents[1] / "candidate" / "target.toml"
BASE = "http://candidate"
JOB_S, POLL_S, FINISH_S = 0.3, 0.05, 20


async def findings_of(
    folder: Path,
    defects: Collection[str],
    *ids: str,
    seed: int = 0,
    surfaces: Sequence[str] = ("rest", "mcp"),
) -> tuple[Finding, ...]:
    """Of these requirements' checks, on a backend with these of its mistakes. Its second account
    has 20 credits."""
    assert set(defects) <= set(DEFECTS)
    told = from_file(PROFILE)
    target = Target(
        rest_url=BASE,
        mcp_url=f"{BASE}/mcp",
        name=told.name,
        features=told.features,
        max_credits=told.max_credits,
        poll_s=POLL_S,
        finish_s=FINISH_S,
    )
    async with within(folder, frozenset(defects), JOB_S) as caller:
        wire = Wire(caller.http, {"rest": BASE, "mcp": target.mcp_url}, Scrubber())
        runner = Runner(target, wire, Keys(MAIN, SECOND), Settings(seed))
        plan, findings = plan_of(target, *ids, surfaces=surfaces), Findings()
        await runner.run(plan, findings, lambda finding: None)
        return settled(findings.ordered(plan))
