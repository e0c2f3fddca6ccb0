"""What may be asked: the shapes of bodies, and the refusal that all surfaces know."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

Seed = Annotated[StrictInt, Field(ge=0, le=2**32 - 1)]


class Ask(BaseModel):
    """A request for an image or a video. What is not named here is dropped."""

    prompt: StrictStr
    model: StrictStr
    generation_type: StrictStr = "text-to-image"
    negative_prompt: StrictStr | None = None
    source_media_urls: list[StrictStr] | StrictStr | None = None
    aspect_ratio: StrictStr | None = None
    duration: Any = None
    quality: StrictStr | None = None
    resolution: StrictStr | None = None
    sound: StrictBool | None = None
    generate_audio: StrictBool | None = None
    seed: Seed | None = None
    kling_elements: Any = None
    turbo: StrictBool | None = None
    disable_safety_checker: StrictBool | None = None

    def urls(self) -> list[str]:
        """The source media as a list."""
        given = self.source_media_urls
        if isinstance(given, str):
            return [given]
        return given or []


class CostAsk(Ask):
    """The same without its words: a price needs none."""

    prompt: StrictStr = ""


class EstimateAsk(BaseModel):
    """A question about time."""

    model: StrictStr
    generation_type: StrictStr = "text-to-image"
    prompt: StrictStr | None = None
    negative_prompt: StrictStr | None = None
    parameters: dict[str, Any] | None = None


class StatusAsk(BaseModel):
    """A question about one job."""

    generation_id: StrictStr


class ModelsAsk(BaseModel):
    """A question about the catalogue."""

    model_type: StrictStr | None = None


class HistoryAsk(BaseModel):
    """A question about past jobs; the limit is brought into 1 to 25."""

    limit: StrictInt = 25
    status: StrictStr | None = None
    model: StrictStr | None = None
    generation_type: StrictStr | None = None


class Refused(Exception):
    """A request that is not carried out. ``body`` is the whole answer."""

    def __init__(self, status: int, code: str, message: str, **fields: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"error": code, "message": message, **fields}


class Missing(Exception):
    """Nothing is there for the caller; ``status`` is 404, or 403 in one defect."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
