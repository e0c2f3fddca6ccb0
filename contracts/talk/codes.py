"""Codes of refusals that say nothing of the request itself."""

SHORT = "insufficient_credits"
BUSY = "concurrency_limit_exceeded"
RATE_LIMITED = "rate_limit_exceeded"
