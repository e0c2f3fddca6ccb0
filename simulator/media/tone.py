"""Quiet chords whose waves end where a codec's frame ends.

Every note is a whole multiple of the frame rate, so one frame of steady sound can be repeated and
the joints cannot be heard. A chord is four such multiples; a progression is a walk over them.
"""

import math
import random
from array import array

from simulator.domain.outputs import AUDIO_RATE_HZ

Chord = tuple[int, int, int, int]

# With frames of 1024 or 1152 samples the unit is 47 or 42 Hz: notes from 190 to 940 Hz, in just
# intonation - tonic, relative minor, subdominant, tonic with an added second.
CHORDS: tuple[Chord, ...] = ((6, 12, 15, 18), (5, 10, 12, 15), (8, 12, 16, 20), (6, 9, 12, 18))
CHORD_MS = 2_016  # 84 MP3 frames: a chord ends where its waves do
_LOUDNESS = (0.075, 0.055, 0.04, 0.03)


def progression(seed: int) -> list[Chord]:
    """The order in which a seed walks over the chords, again and again."""
    chords = list(CHORDS)
    random.Random(f"tone {seed}").shuffle(chords)
    return chords


def chord_at(chords: list[Chord], ms: int) -> Chord:
    """The chord that sounds at a time in milliseconds."""
    return chords[ms // CHORD_MS % len(chords)]


def period(chord: Chord, samples: int, gain: float = 1.0) -> "array[int]":
    """``samples`` signed 16-bit samples of a chord, a whole number of waves of each note."""
    step = math.tau / samples
    peak = 32_767 * gain
    notes = [(note * step, peak * loud) for note, loud in zip(chord, _LOUDNESS, strict=True)]
    return array(
        "h",
        [round(sum(loud * math.sin(pitch * n) for pitch, loud in notes)) for n in range(samples)],
    )


def samples_in(duration_ms: int) -> int:
    """Samples of one channel."""
    return duration_ms * AUDIO_RATE_HZ // 1000
