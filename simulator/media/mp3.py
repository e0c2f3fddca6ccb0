"""MP3 sound: one steady frame of each chord, repeated, behind a header that tells the length.

Without a bit reservoir a frame depends on no other. At 48 kHz and 128 kbit/s every frame is 384
bytes and 24 ms, so the size of a file follows from its length alone.
"""

import struct
from functools import lru_cache

from simulator.domain.outputs import AUDIO_RATE_HZ
from simulator.media.tone import Chord, chord_at, period, progression, samples_in

FRAME_BYTES = 384
FRAME_SAMPLES = 1152
_FRAME_MS = 24
_STEADY = 8
_ENCODER_DELAY = 576  # samples; a decoder adds 529 of its own, as LAME's tag has it
_DECODER_DELAY = 529
_HEADER = b"\xff\xfb\x94\xc4"  # MPEG 1 layer III, 128 kbit/s, 48 kHz, mono, original
_INFO_AT = 4 + 17  # header and the side information of one channel


@lru_cache(maxsize=8)
def _steady_frame(chord: Chord) -> bytes:
    import av  # noqa: PLC0415 - loading it costs a third of a second

    context = av.AudioCodecContext.create("libmp3lame", "w")
    context.sample_rate = AUDIO_RATE_HZ
    context.layout = "mono"
    context.format = "s16p"
    context.bit_rate = 128_000
    context.options = {"reservoir": "0"}
    context.flags |= av.codec.context.Flags.bitexact
    context.thread_count = 1
    wave = period(chord, FRAME_SAMPLES).tobytes()
    frames: list[bytes] = []
    for index in range(_STEADY):
        frame = av.AudioFrame(format="s16p", layout="mono", samples=FRAME_SAMPLES)
        frame.sample_rate = AUDIO_RATE_HZ
        frame.pts = index * FRAME_SAMPLES
        frame.planes[0].update(wave)
        frames += [bytes(packet) for packet in context.encode(frame)]
    steady = frames[-1]
    if len(steady) != FRAME_BYTES:
        raise ValueError(f"a frame of {len(steady)} bytes")
    return steady


def mp3_frames(duration_ms: int) -> int:
    """Frames of sound in a file of that length, its encoder's delay included."""
    samples = samples_in(duration_ms) + _ENCODER_DELAY + _DECODER_DELAY
    return -(-samples // FRAME_SAMPLES)


def _info_frame(frames: int, duration_ms: int) -> bytes:
    """A silent frame with Xing's ``Info`` and LAME's delays, from which players cut the length."""
    padding = frames * FRAME_SAMPLES - _ENCODER_DELAY - samples_in(duration_ms)
    size = (frames + 1) * FRAME_BYTES
    info = struct.pack(">4sIII", b"Info", 0b0011, frames, size)
    lame = (
        b"Lavc".ljust(9, b"\x00") + bytes(12) + (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big")
    )
    frame = _HEADER + bytes(_INFO_AT - 4) + info + lame
    return frame.ljust(FRAME_BYTES, b"\x00")


def _id3_tag(size_bytes: int) -> bytes:
    """An empty ID3v2.4 tag: a header and padding."""
    body = size_bytes - 10
    if body < 0:
        raise ValueError(f"no ID3 tag of {size_bytes} bytes")
    syncsafe = bytes(body >> shift & 0x7F for shift in (21, 14, 7, 0))
    title = b"TIT2" + bytes([0, 0, 0, 10]) + bytes(2) + b"\x03generated"
    return b"ID3\x04\x00\x00" + syncsafe + title.ljust(body, b"\x00")[:body]


def mp3_file(seed: int, duration_ms: int, size_bytes: int) -> bytes:
    """A file of exactly ``size_bytes``; what the frames leave is padding of the tag before them."""
    chords = progression(seed)
    count = mp3_frames(duration_ms)
    sound = [_info_frame(count, duration_ms)]
    sound += [_steady_frame(chord_at(chords, index * _FRAME_MS)) for index in range(count)]
    return b"".join([_id3_tag(size_bytes - len(sound) * FRAME_BYTES), *sound])
