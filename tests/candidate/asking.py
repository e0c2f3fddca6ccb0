"""What may be asked: the shapes of bodies, and the refusal that all surfaces know."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictInt, StrictStr


def whole(text: str) -> str:
    """A text that can be written again; ValueError for half a surrogate pair."""
    text.encode()
    return text


Text = Annotated[StrictStr, AfterValidator(whole)]
Seed = Annotated[StrictInt, Field(ge=0, le=2**32 - 1)]


class Ask(BaseModel):
    """A request for an image or a video. What is not named here is dropped."""

    prompt: Text
    model: Text
    generation_type: Text = "text-to-image"
    negative_prompt: Text | None = None
    source_media_urls: list[Text] | Text | None = None
    aspect_ratio: Text | None = None
    duration: Any = None
    quality: Text | None = None
    resolution: Text | None = None
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

    prompt: Text = ""


class EstimateAsk(BaseModel):
    """A question about time."""

    model: Text
    generation_type: Text = "text-to-image"
    prompt: Text | None = None
    negative_prompt: Text | None = None
    parameters: dict[str, Any] | None = None


class StatusAsk(BaseModel):
    """A question about one job."""

    generation_id: Text


class ModelsAsk(BaseModel):
    """A question about the catalogue."""

    model_type: Text | None = None


class HistoryAsk(BaseModel):
    """A question about past jobs; the limit is brought into 1 to 25."""

    limit: StrictInt = 25
    status: Text | None = None
    model: Text | None = None
    generation_type: Text | None = None


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
