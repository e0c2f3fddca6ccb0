"""The text of a stored job: what an older process wrote is read by this one."""

from simulator.engine.store.jobtext import job_of, text_of
from tests.engine.store.drafts import FAILS, STUCK, a_draft

STORED = (
    '["0fef53b8-d884-4527-ab6c-2e2fd17e70b8",1,"main","media","z-image","text-to-image",'
    '"A lighthouse at dusk, number 1","z-image","10 milli-credits","flat",10,30,1,'
    "[1767225600000,1767225601000,1767225604000,1767225617000,1767225630000],"
    '"content_policy",[["0fef53b8-d884-4527-ab6c-2e2fd17e70b8","image","png",1,"z-image",'
    '"A lighthouse at dusk, number 1","0fef53b8-d884-4527-ab6c-2e2fd17e70b8",1024,1024,0,false,'
    '[]]],{"aspect_ratio":"1:1"}]'
)


def test_what_schema_version_1_stored_is_read_as_the_job_that_it_was() -> None:
    """When this fails, a field has moved: give the schema a new version, or move it back."""
    assert job_of(STORED) == a_draft(fault=FAILS).build(1)


def test_a_job_is_read_as_it_was_written() -> None:
    for fault in (FAILS, STUCK):
        job = a_draft(fault=fault).build(7)
        assert job_of(text_of(job)) == job
