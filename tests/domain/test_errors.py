"""Refusals as values."""

import pytest

from simulator.domain.errors import REFUSAL_STATUS, Denial, Malformed, Rejection


@pytest.mark.parametrize(("code", "status"), REFUSAL_STATUS.items())
def test_a_rejection_has_the_status_of_its_code(code: str, status: int) -> None:
    assert Rejection(code, "no").status == status
    assert status in (400, 402, 429)


def test_the_fields_of_a_rejection_join_its_body() -> None:
    assert Rejection("invalid_duration", "no", allowed=["5s"]).body() == {
        "error": "invalid_duration",
        "message": "no",
        "allowed": ["5s"],
    }


def test_a_denial_keeps_its_headers_to_itself() -> None:
    headers = {"www-authenticate": "Bearer"}
    denial = Denial(401, "no", headers)
    headers.clear()
    assert (denial.status, denial.detail, denial.headers) == (
        401,
        "no",
        {"www-authenticate": "Bearer"},
    )
    assert Denial(404, "no").headers == {}


def test_a_malformed_body_carries_every_problem() -> None:
    problems: list[dict[str, object]] = [{"loc": ["body", "prompt"]}, {"loc": ["body", "model"]}]
    assert Malformed(problems).problems == problems
