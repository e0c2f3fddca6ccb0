"""Refusals: what the provider answers instead of doing the work. They cost nothing."""

from collections.abc import Mapping

REFUSAL_STATUS: Mapping[str, int] = {
    "model_not_found": 400,
    "variant_required": 400,
    "unsupported_generation_type": 400,
    "prompt_too_long": 400,
    "missing_source_media": 400,
    "unexpected_source_media": 400,
    "unsupported_media_type": 400,
    "too_many_images": 400,
    "too_many_videos": 400,
    "too_many_audios": 400,
    "too_few_images": 400,
    "reference_video_not_allowed": 400,
    "reference_video_too_long": 400,
    "reference_audio_too_long": 400,
    "invalid_kling_elements": 400,
    "invalid_duration": 400,
    "invalid_aspect_ratio": 400,
    "aspect_ratio_incompatible_with_high_res": 400,
    "invalid_quality": 400,
    "invalid_resolution": 400,
    "invalid_music_mode": 400,
    "invalid_vocal_gender": 400,
    "invalid_music_text": 400,
    "dialogue_too_short": 400,
    "dialogue_too_long": 400,
    "invalid_voice": 400,
    "invalid_variant_count": 400,
    "media_too_long": 400,
    "idempotency_key_reused": 400,
    "rate_limit_exceeded": 429,
    "concurrency_limit_exceeded": 429,
    "insufficient_credits": 402,
}
"""Every business refusal and its HTTP status, in the order of ``generate_media``'s checks, except
that ``rate_limit_exceeded`` is looked for before any of them."""


class Rejection(Exception):
    """A business rule said no. ``fields`` join ``error`` and ``message`` in the answer's body;
    ``rule`` is the ruling's id, where one function decided."""

    def __init__(self, code: str, message: str, **fields: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
        self.rule = ""

    @property
    def status(self) -> int:
        return REFUSAL_STATUS[self.code]

    def body(self) -> dict[str, object]:
        """The answer's body, the same over REST and MCP."""
        return {"error": self.code, "message": self.message, **self.fields}


class Denial(Exception):
    """The request did not get as far as a business rule: key, scope, address, state of the server.

    The answer is ``{"detail": text}`` with ``status``.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


class Malformed(Exception):
    """The body has the wrong shape: 422 with one problem per field."""

    def __init__(self, problems: list[dict[str, object]]) -> None:
        super().__init__(str(problems))
        self.problems = problems
