"""Every behaviour of the simulator with its strength and source, in one list."""

from simulator.domain import (
    faults,
    inputs,
    jobs,
    ledger,
    limits,
    normal,
    pricing,
    sessions,
    sizes,
)
from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Ruling
from simulator.domain.rules import ads, models, music, sound, speech
from simulator.domain.rules.media import MEDIA_RULES

WIRE_RULINGS = (
    Ruling(
        "wire.key-headers",
        DOCUMENTED,
        "docs: llms.txt",
        "A key travels in X-API-Key or in Authorization: Bearer, never in a URL.",
    ),
    Ruling(
        "wire.unauthorized",
        ASSUMED,
        "ruling",
        "A missing or wrong key is 401 with WWW-Authenticate: Bearer.",
    ),
    Ruling(
        "wire.scope",
        DOCUMENTED,
        "docs: llms.txt; which scope reads a status: assumed",
        "A key without the call's scope is 403, naming the scope.",
    ),
    Ruling(
        "wire.test-keys",
        ASSUMED,
        "mediasim's own",
        "sk_test_<namespace>[.<account>] is a key of that account; keys that look live are refused"
        " unless they are allowed.",
    ),
    Ruling(
        "wire.start-status",
        ASSUMED,
        "ruling",
        "A start that is accepted answers 200 with status pending.",
    ),
    Ruling(
        "wire.codes",
        ASSUMED,
        "the page names six codes; the others are in its style",
        "Business refusals answer error, message and named fields with 400, 402 or 429; the first"
        " that holds is the answer, in one fixed order.",
    ),
    Ruling(
        "wire.shape",
        OBSERVED,
        "clients of the API",
        "A body of the wrong shape is 422 with a list of problems in detail, each with loc, msg and"
        " type; a null field counts as left out.",
    ),
    Ruling(
        "wire.stream",
        OBSERVED,
        "clients of the API",
        "A generation's stream sends heartbeats, then one result event whose data is the status"
        " answer, and closes.",
    ),
    Ruling(
        "wire.upload",
        OBSERVED,
        "clients of the API; page: REST API, URLs for local or browser files",
        "An upload of one or more files answers url and urls; files may have up to 500 MB.",
    ),
    Ruling(
        "wire.assumed-routes",
        ASSUMED,
        "no source names them",
        "The routes of estimate, cost, captions and separation under /v1/generate.",
    ),
    Ruling(
        "wire.tools-without-route",
        ASSUMED,
        "no source names routes",
        "get_upload_url and get_upload_session are tools of MCP without a route.",
    ),
    Ruling(
        "wire.mcp-errors",
        ASSUMED,
        "no source tells",
        "Over MCP a refusal is a result with isError and the same object as over REST; an unknown"
        " tool is a protocol error.",
    ),
    Ruling(
        "wire.listing",
        OBSERVED,
        "clients of the API",
        "GET /v1/generations lists newest first, 25 at most; a limit beyond 1 to 25 is held there.",
    ),
    Ruling(
        "wire.listing-products",
        ASSUMED,
        "ruling",
        "The list shows every kind of generation in one shape: music with the sound and the cover"
        " of each song, separation with its two sounds, captions without a file, since their words"
        " were the answer.",
    ),
    Ruling(
        "wire.idempotency",
        ASSUMED,
        "ruling",
        "The provider has no idempotency: the header Idempotency-Key is ignored.",
        policy="idempotency",
    ),
    Ruling(
        "wire.retention",
        ASSUMED,
        "ruling",
        "Generations, files and uploads never expire.",
    ),
)


def all_rulings() -> tuple[Ruling, ...]:
    """In the order in which a request meets them."""
    return (
        *WIRE_RULINGS,
        *limits.RULINGS,
        *models.RULINGS,
        *inputs.RULINGS,
        *(rule.ruling() for rule in MEDIA_RULES),
        *normal.RULINGS,
        *(rule.ruling() for rule in music.MUSIC_RULES),
        *music.RULINGS,
        *(rule.ruling() for rule in speech.DIALOGUE_RULES),
        *speech.RULINGS,
        *(rule.ruling() for rule in ads.AD_RULES),
        *ads.RULINGS,
        *(rule.ruling() for rule in sound.SOUND_RULES),
        *sound.RULINGS,
        *sessions.RULINGS,
        *pricing.RULINGS,
        *ledger.RULINGS,
        *jobs.RULINGS,
        *sizes.RULINGS,
        *faults.RULINGS,
    )
