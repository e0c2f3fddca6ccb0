"""Why something was not checked, as it is counted."""

import re
from collections import Counter
from collections.abc import Iterable

from contracts.verdicts import Finding, Verdict

_AMOUNTS = re.compile(r"it may cost [\d.e+]+ credits, more")


def alike(why: str) -> str:
    """A reason without what differs from check to check: its price."""
    return _AMOUNTS.sub("it may cost more", why)


def counted(found: Iterable[Finding], verdict: Verdict) -> Counter[str]:
    """How often each reason is given."""
    return Counter(alike(each.why) for each in found if each.verdict is verdict)
