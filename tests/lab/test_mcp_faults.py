"""Faults that only MCP knows, in both of its eras."""

import pytest

from tests.lab.ways import Lab, Way
from tests.mcp.wire import LEGACY, in_session, request


@pytest.fixture(params=["stateless", "session"])
def way(request: pytest.FixtureRequest) -> Way:
    """Both eras of MCP."""
    chosen: Way = request.param
    return chosen


async def listed(lab: Lab) -> tuple[dict[str, dict[str, object]], str]:
    """The input schemas of the tools by name, and the faults told."""
    if lab.way == "session":
        lab.session = lab.session or await lab.wire.opened()
        body = request("tools/list")
        answer = await lab.wire.post(body, in_session(lab.session, LEGACY))
    else:
        answer = await lab.wire.rpc("tools/list")
    tools = answer.json()["result"]["tools"]
    told = answer.headers.get("x-sim-fault", "")
    return {tool["name"]: tool["inputSchema"] for tool in tools}, told


@pytest.mark.fault("tool_vanished")
async def test_a_tool_is_gone_from_the_list_and_unknown_when_called(lab: Lab) -> None:
    fault = await lab.arm("tool_vanished", match={"tool": "generate_media"}, times=1)
    tools, told = await listed(lab)
    reply = await lab.start()
    assert ("generate_media" in tools, "get_balance" in tools, told) == (False, True, fault)
    assert reply.content["error"]["message"] == "Unknown tool: generate_media"
    assert (reply.told, await lab.kinds()) == (fault, [])
    tools, told = await listed(lab)
    assert ("generate_media" in tools, told, (await lab.start()).failed) == (True, "", False)


@pytest.mark.fault("schema_changed")
async def test_a_tool_asks_for_one_more_argument(lab: Lab) -> None:
    fault = await lab.arm("schema_changed", match={"tool": "generate_media"}, times=1)
    tools, told = await listed(lab)
    given = await lab.start(confirm_changes=True)
    lacking = await lab.start()
    assert ("confirm_changes" in str(tools["generate_media"]["required"]), told) == (True, fault)
    assert (given.failed, given.told) == (False, "")
    problem = {"loc": ["body", "confirm_changes"], "msg": "Field required", "type": "missing"}
    assert (lacking.failed, lacking.content, lacking.told) == (True, {"detail": [problem]}, fault)
    assert (await lab.start()).failed is False


@pytest.mark.fault("lost_session")
async def test_a_session_is_unknown_as_after_a_restart(lab: Lab) -> None:
    await lab.credits()
    fault = await lab.arm("lost_session", times=1)
    reply = await lab.start()
    left = (await lab.fault(fault))["left"]
    if lab.way == "session":
        assert (reply.status, reply.content["error"]["message"]) == (404, "Session not found")
        assert (reply.told, left, await lab.kinds()) == (fault, 0, [])
    else:  # without a session there is none to lose
        assert (reply.failed, reply.told, left) == (False, "", 1)
    lab.session = ""
    assert not (await lab.start({"X-Sim-Fault": "slow=2"})).failed


@pytest.mark.fault("oversized")
async def test_an_answer_carries_so_many_bytes_more(lab: Lab) -> None:
    usual = await lab.start()
    reply = await lab.start({"X-Sim-Fault": "oversized=100000"})
    more = len(reply.http.content) - len(usual.http.content)
    assert (100_000 <= more < 100_100, reply.failed, reply.told) == (True, False, "header")


async def test_faults_of_mcp_leave_rest_alone(lab: Lab) -> None:
    fault = await lab.arm("tool_vanished", times=1)
    over_rest = await Lab(lab.wire, "rest").start({"X-Sim-Fault": "oversized"})
    assert (over_rest.failed, over_rest.told) == (False, "")
    assert (await lab.fault(fault))["left"] == 1


async def test_a_fault_of_the_wire_can_be_for_one_tool_only(lab: Lab) -> None:
    await lab.arm({"kind": "status", "code": 503}, match={"tool": "generate_media"})
    over_rest = await Lab(lab.wire, "rest").start()
    assert ((await lab.start()).status, over_rest.status) == (503, 200)


async def test_a_header_on_the_list_hides_what_it_names_for_all_tools(lab: Lab) -> None:
    answer = await lab.wire.rpc("tools/list", headers={"X-Sim-Fault": "tool_vanished"})
    assert (answer.json()["result"]["tools"], answer.headers["x-sim-fault"]) == ([], "header")
