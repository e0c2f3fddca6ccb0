"""The words in a prompt that choose a job's fate."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.faults import JobFault, from_prompt, job_fault

pytestmark = pytest.mark.ruling("faults.magic-words")


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("a [sim:fail=content_policy] b", JobFault(fail="content_policy")),
        ("[sim:fail]", JobFault(fail="unspecified")),
        ("[sim:stuck]", JobFault(stuck=True)),
        ("[sim:slow=3]", JobFault(slow=Fraction(3))),
        ("[sim:slow=0.001]", JobFault(slow=Fraction(1, 1000))),
        ("[sim:slow=10000]", JobFault(slow=Fraction(10_000))),
        ("[sim:slow=2][sim:slow=x]", JobFault(slow=Fraction(2))),
        ("[sim:slow=2][sim:slow=4]", JobFault(slow=Fraction(2))),
        ("[sim:fail=x;at=1]", JobFault(fail="x", at=Fraction(1))),
        ("[sim:moderation=before]", JobFault(fail="moderation", at=Fraction(0))),
        (
            "[sim:late_cdn=20] [sim:late_visibility=0.5]",
            JobFault(files_late_ms=20_000, hidden_ms=500),
        ),
        ("[sim:broken_file=truncated]", JobFault(broken_file="truncated")),
        ("[sim:optimization_failed]", JobFault(optimization_failed=True)),
        (
            "[sim:slow=2] [sim:fail=a.b-c] [sim:stuck]",
            JobFault("a.b-c", slow=Fraction(2), stuck=True),
        ),
    ],
)
def test_magic_words_ask_for_a_fault(prompt: str, fault: JobFault) -> None:
    assert job_fault(from_prompt(prompt)) == fault


@pytest.mark.parametrize(
    "prompt",
    [
        *("", "fail", "[sim:]", "[sim:fail=]", "[sim:fail=a b]", "[SIM:FAIL]", "[sim:slow]"),
        *("[sim:slow=0]", "[sim:slow=0.000]", "[sim:slow=-1]", "[sim:slow=1e3]", "[sim:slow=nan]"),
        *("[sim:slow=10001]", "[sim:slow=99999]", "[sim:slow=1.2345678]", "[sim:slow=٣]"),
        *("[sim:fail=" + "x" * 65 + "]", "[sim:quick]", "[sim:stuck"),
    ],
)
def test_words_that_cannot_be_read_are_ordinary_text(prompt: str) -> None:
    assert from_prompt(prompt) == ()


@given(st.text(alphabet="[]sim:fail=stuckow0123.9"))
def test_any_text_gives_a_fault_within_bounds(prompt: str) -> None:
    fault = job_fault(from_prompt(prompt))
    assert 0 < fault.slow <= 10_000
