"""WAV, MP3 and M4A files of an asked length."""

import struct
import sys
from functools import lru_cache

from simulator.domain.outputs import AUDIO_RATE_HZ, Output
from simulator.media.aac import aac_track
from simulator.media.mp3 import mp3_file
from simulator.media.mp4 import movie
from simulator.media.padding import padded
from simulator.media.tone import CHORD_MS, Chord, chord_at, period, progression, samples_in

_PERIOD = 1152  # samples; 24 ms
_SWELL = (0.55, 0.7, 0.85, 1.0, 1.0, 0.85, 0.7, 0.55)


def audio_file(output: Output, size_bytes: int) -> bytes:
    """The sound at exactly ``size_bytes``. Raises ``ValueError`` for an unknown format."""
    if output.format == "wav":
        data = wav_file(output.seed, output.duration_ms)
        if len(data) != size_bytes:
            raise ValueError(f"{len(data)} bytes of WAV, {size_bytes} promised")
        return data
    if output.format == "mp3":
        return mp3_file(output.seed, output.duration_ms, size_bytes)
    if output.format == "m4a":
        track = aac_track(output.seed, output.duration_ms)
        data = movie([track], output.duration_ms, brand=b"M4A ")
        fitted = padded(data, "m4a", size_bytes)
        if fitted is None:
            raise ValueError(f"{size_bytes} bytes are too few for {output.duration_ms} ms")
        return fitted
    raise ValueError(f"no sound is made as {output.format!r}")


@lru_cache(maxsize=8)
def _wav_chord(chord: Chord) -> bytes:
    """A chord's turn, swelling and fading: steps of loudness fall where waves are zero."""
    levels = {}
    for gain in sorted(set(_SWELL)):
        samples = period(chord, _PERIOD, gain)
        if sys.byteorder == "big":
            samples.byteswap()
        levels[gain] = samples.tobytes()
    count = samples_in(CHORD_MS) // _PERIOD
    return b"".join(levels[_SWELL[index * len(_SWELL) // count]] for index in range(count))


def wav_file(seed: int, duration_ms: int) -> bytes:
    """Mono, 16 bits, 48 kHz, exact to the sample: 44 + 2 bytes a sample."""
    chords = progression(seed)
    wanted = samples_in(duration_ms) * 2
    parts = [_wav_chord(chord_at(chords, ms)) for ms in range(0, duration_ms, CHORD_MS)]
    samples = memoryview(b"".join(parts))[:wanted]
    form = struct.pack("<IHHIIHH", 16, 1, 1, AUDIO_RATE_HZ, AUDIO_RATE_HZ * 2, 2, 16)
    riff = struct.pack("<4sI4s", b"RIFF", 36 + wanted, b"WAVE")
    return b"".join([riff, b"fmt ", form, struct.pack("<4sI", b"data", wanted), samples])
