"""What a model is here: its modes, its limits and how it is paid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

T2I, I2I, T2V, I2V = "text-to-image", "image-to-image", "text-to-video", "image-to-video"
MODES = (T2I, I2I, T2V, I2V)

# What is taken where the documentation gives no list for a model.
ANY_RATIO = (
    *("1:1", "16:9", "9:16", "4:5", "5:4", "21:9", "4:3", "3:4", "3:2", "2:3"),
    *("auto", "adaptive"),
)


@dataclass(frozen=True)
class Media:
    """How many files of each kind a mode takes: least and most."""

    images: tuple[int, int] = (0, 0)
    videos: tuple[int, int] = (0, 0)
    audios: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Choice:
    """What of a request the price depends on; seconds are whole."""

    mode: str
    seconds: int
    sound: bool
    quality: str
    resolution: str
    reference_s: Fraction


Price = Callable[[Choice], Fraction]


@dataclass(frozen=True)
class Model:
    """One row of the catalogue. ``durations`` are the options of the parameter, in seconds;
    ``reference_limit_s`` is how long its reference files may last in all, 0 for no limit."""

    model_id: str
    kind: str
    modes: Mapping[str, Media]
    price: Price
    billing: str
    prompt_max: int
    ratios: tuple[str, ...]
    durations: tuple[int, ...] = ()
    fixed_s: int = 0
    qualities: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    size: str = "1K"
    sound: str = ""
    audio_row: bool = False
    elements: bool = False
    image_files: tuple[str, ...] = (".jpg", ".jpeg", ".png", ".webp")
    video_files: tuple[str, ...] = (".mp4", ".mov", ".webm")
    reference_limit_s: int = 0

    def defaults(self) -> Choice:
        """The cheapest plain request, for the price that the list shows."""
        return Choice(
            mode=next(iter(self.modes)),
            seconds=self.durations[0] if self.durations else self.fixed_s,
            sound=False,
            quality=self.qualities[0] if self.qualities else "standard",
            resolution=self.resolutions[0] if self.resolutions else "",
            reference_s=Fraction(0),
        )


def flat(credits: int) -> Price:
    """One price, whatever is asked."""
    return lambda _: Fraction(credits)


def by_resolution(**tiers: int) -> Price:
    """A price for each resolution; keyword ``k1`` is 1K."""
    return lambda choice: Fraction(tiers[f"k{choice.resolution[0]}"])


def by_seconds(prices: Mapping[int, int], audio: Mapping[int, int] | None = None) -> Price:
    """A price for each length, and another set of them for sound."""
    loud = prices if audio is None else audio
    return lambda choice: Fraction((loud if choice.sound else prices)[choice.seconds])


def rate(credits: int, audio: int = 0) -> Price:
    """Credits for each second, those of a reference video included."""

    def price(choice: Choice) -> Fraction:
        each = audio if choice.sound and audio else credits
        return (choice.seconds + choice.reference_s) * each

    return price


def modes(**media: Media) -> Mapping[str, Media]:
    """Modes by their short names: ``t2i``, ``i2i``, ``t2v``, ``i2v``."""
    names = {"t2i": T2I, "i2i": I2I, "t2v": T2V, "i2v": I2V}
    return MappingProxyType({names[short]: each for short, each in media.items()})


def images(least: int, most: int) -> Media:
    """So many images, and nothing else."""
    return Media(images=(least, most))
