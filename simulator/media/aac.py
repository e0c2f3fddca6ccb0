"""AAC sound for MP4: one steady packet of each chord, repeated."""

from array import array
from functools import lru_cache

from simulator.domain.outputs import AUDIO_RATE_HZ
from simulator.media.mp4 import Track, audio_entry
from simulator.media.tone import Chord, chord_at, period, progression, samples_in

FRAME_SAMPLES = 1024
_BIT_RATE = 64_000
_STEADY = 8  # packets until the encoder has settled


@lru_cache(maxsize=8)
def _steady_packet(chord: Chord) -> tuple[bytes, bytes]:
    """A packet from the middle of a steady chord, and the decoder's configuration."""
    import av  # noqa: PLC0415 - loading it costs a third of a second

    context = av.AudioCodecContext.create("aac", "w")
    context.sample_rate = AUDIO_RATE_HZ
    context.layout = "mono"
    context.format = "fltp"
    context.bit_rate = _BIT_RATE
    context.flags |= av.codec.context.Flags.global_header | av.codec.context.Flags.bitexact
    context.thread_count = 1
    wave = array("f", [sample / 32_768 for sample in period(chord, FRAME_SAMPLES)]).tobytes()
    packets: list[bytes] = []
    for index in range(_STEADY):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=FRAME_SAMPLES)
        frame.sample_rate = AUDIO_RATE_HZ
        frame.pts = index * FRAME_SAMPLES
        frame.planes[0].update(wave)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets[-1], bytes(context.extradata or b"")


def aac_track(seed: int, duration_ms: int) -> Track:
    """A track of exactly that length: the priming packet is edited out, the last one cut."""
    chords = progression(seed)
    total = samples_in(duration_ms) + FRAME_SAMPLES
    count = -(-total // FRAME_SAMPLES)
    packets = []
    config = b""
    for index in range(count):
        ms = max(0, index - 1) * FRAME_SAMPLES * 1000 // AUDIO_RATE_HZ
        packet, config = _steady_packet(chord_at(chords, ms))
        packets.append(packet)
    return Track(
        kind="soun",
        timescale=AUDIO_RATE_HZ,
        entry=audio_entry(config, AUDIO_RATE_HZ, _BIT_RATE),
        samples=packets,
        sample_ticks=FRAME_SAMPLES,
        total_ticks=total,
        edit_start=FRAME_SAMPLES,
    )
