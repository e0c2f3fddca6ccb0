"""The contract as pytest sees it: one test for each requirement and surface."""

import pytest

from contracts.pytest_session import FAILED, Question, session_of, story
from contracts.verdicts import Verdict


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Asks the target what it has. Raises UsageError."""
    questions = session_of(metafunc.config).questions
    metafunc.parametrize("question", [_param(metafunc.config, each) for each in questions])


def test_the_backend_does_it(question: Question, request: pytest.FixtureRequest) -> None:
    """Fails when it does not; is skipped, with the reason, when that was not found out."""
    finding = session_of(request.config).answer(question)
    request.node.user_properties.append(("verdict", finding.verdict.value))
    if finding.verdict in FAILED or finding.harness:
        pytest.fail(story(question, finding), pytrace=False)
    if finding.verdict in (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE):
        pytest.skip(f"{finding.verdict.value}: {finding.why}")  # what did not run is never a pass
    if finding.verdict is Verdict.WARN:
        request.node.add_report_section("call", "second reading", story(question, finding))


def _param(config: pytest.Config, question: Question) -> object:
    marks = [pytest.mark.requirement(question.row.id)]
    if question.row.cost == "billable":
        marks.append(pytest.mark.billable(max_credits=question.row.worst_case_credits))
    if question.item is not None and config.pluginmanager.hasplugin("xdist"):
        marks.append(pytest.mark.xdist_group(f"check-{question.item.index}"))
    return pytest.param(question, id=question.name, marks=marks)
