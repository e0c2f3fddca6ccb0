"""H.264 with one encoded picture a second; the pictures between are written by hand.

A picture that shows the one before it, moved sideways by whole pixels, holds no picture data: only
motion vectors. Its slice depends on nothing but the frame's size and the direction, so it is made
once for a size and used in every video (ITU-T H.264, 7.3.3 slice header, 7.3.5 macroblock layer,
8.4.1 motion vectors).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from simulator.domain.outputs import FRAMES_PER_SECOND

MACROBLOCK = 16
_IDR, _SPS, _PPS = 5, 7, 8  # nal_unit_type
_QUARTERS = 4  # of a pixel, in which motion vectors count
# Two pixels at every second frame: colour is stored at half size, and a step of one pixel would
# blend it with its neighbour again and again.
STEP = 2
_PARAMETERS = ":".join(
    (
        f"keyint={FRAMES_PER_SECOND}",
        "min-keyint=1",
        "scenecut=0",
        "bframes=0",
        "ref=1",
        "weightp=0",
        "cabac=0",
        "stitchable=1",  # the same parameter sets whatever the quantiser
        "threads=1",
        "cpu-independent=1",
        "colorprim=bt709",
        "transfer=bt709",
        "colormatrix=bt709",
    )
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Parameter sets, and the NAL units of the pictures, without start codes."""

    sps: bytes
    pps: bytes
    pictures: list[bytes]


def encode_pictures(
    pictures: Iterable[Sequence[bytes]], width: int, height: int, quantizer: int
) -> Encoded:
    """Encode pictures by themselves, each given as its Y, U and V planes (4:2:0, limited range)."""
    import av  # noqa: PLC0415 - loading it costs a third of a second

    context = av.VideoCodecContext.create("libx264", "w")
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, FRAMES_PER_SECOND)
    context.framerate = Fraction(FRAMES_PER_SECOND)
    context.thread_count = 1
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "qp": str(quantizer),
        "forced-idr": "1",
        "x264-params": _PARAMETERS,
    }
    context.flags |= av.codec.context.Flags.global_header | av.codec.context.Flags.bitexact
    context.open()
    units: list[bytes] = []
    for number, planes in enumerate(pictures):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, content in zip(frame.planes, planes, strict=True):
            plane.update(_aligned(content, plane.width, plane.line_size))
        frame.pts = number
        frame.pict_type = av.video.frame.PictureType.I
        for packet in context.encode(frame):
            units += nal_units(bytes(packet))
    for packet in context.encode(None):
        units += nal_units(bytes(packet))
    sets = nal_units(bytes(context.extradata or b""))
    [sps] = [unit for unit in sets if unit[0] & 31 == _SPS]
    [pps] = [unit for unit in sets if unit[0] & 31 == _PPS]
    # What else x264 writes is a message with its version and settings.
    return Encoded(sps, pps, [unit for unit in units if unit[0] & 31 == _IDR])


def _aligned(content: bytes, width: int, line: int) -> bytes:
    if width == line:
        return content
    gap = bytes(line - width)
    rows = range(0, len(content), width)
    return b"".join(content[row : row + width] + gap for row in rows)


def nal_units(stream: bytes) -> list[bytes]:
    """Split a byte stream (Annex B) at its start codes."""
    parts = stream.split(b"\x00\x00\x01")
    return [part.rstrip(b"\x00") for part in parts if part.strip(b"\x00")]


class _Bits:
    """Bits gathered from the left."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def fixed(self, value: int, width: int) -> None:
        self._parts.append(format(value, f"0{width}b"))

    def unsigned(self, value: int) -> None:
        """Exp-Golomb, ``ue(v)``."""
        digits = format(value + 1, "b")
        self._parts.append("0" * (len(digits) - 1) + digits)

    def signed(self, value: int) -> None:
        """Exp-Golomb, ``se(v)``."""
        self.unsigned(2 * value - 1 if value > 0 else -2 * value)

    def text(self) -> str:
        return "".join(self._parts)


def _read_unsigned(bits: str, place: int) -> tuple[int, int]:
    zeros = bits.index("1", place) - place
    end = place + 2 * zeros + 1
    return int(bits[place + zeros : end], 2) - 1, end


def _frame_number_width(sps: bytes) -> int:
    """``log2_max_frame_num`` of a sequence parameter set of the baseline profile."""
    bits = "".join(format(byte, "08b") for byte in sps[4:12])
    _, place = _read_unsigned(bits, 0)
    minus_four, place = _read_unsigned(bits, place)
    order_type, _ = _read_unsigned(bits, place)
    if sps[1] != 66 or order_type != 2:
        raise ValueError("not the sequence parameters that these slices are written for")
    return minus_four + 4


def _macroblocks(columns: int, rows: int, moving_rows: int, dx: int) -> str:
    """Macroblocks of the upper rows move by ``dx`` quarter pixels, the rest stand still.

    A skipped macroblock takes the vector predicted from its neighbours; at the left and upper edge
    of the frame that is none, so there the vector is written out (8.4.1.1).
    """
    bits = _Bits()
    skipped = 0
    for row in range(rows):
        for column in range(columns):
            moves = dx != 0 and row < moving_rows
            if not moves or (row > 0 and column > 0):
                skipped += 1
                continue
            predicted = dx if row > 0 or column > 0 else 0
            if row > 0 and columns == 1:
                predicted = dx
            bits.unsigned(skipped)
            skipped = 0
            bits.unsigned(0)  # mb_type P_L0_16x16
            bits.signed(dx - predicted)
            bits.signed(0)
            bits.unsigned(0)  # coded_block_pattern: nothing
    if skipped:
        bits.unsigned(skipped)
    return bits.text()


@lru_cache(maxsize=32)
def moved_pictures(
    width: int, height: int, moving_height: int, direction: int, sps: bytes
) -> tuple[bytes, ...]:
    """The NAL units that follow a picture within its second.

    Everything above ``moving_height`` (a multiple of 16) moves by a pixel a frame on average:
    ``direction`` 1 lets the view wander to the right, -1 to the left, 0 keeps it.
    """
    columns, rows = -(-width // MACROBLOCK), -(-height // MACROBLOCK)
    number_width = _frame_number_width(sps)
    step = direction * STEP * _QUARTERS
    moved = _macroblocks(columns, rows, moving_height // MACROBLOCK, step)
    still = _macroblocks(columns, rows, 0, 0)
    units = []
    for number in range(1, FRAMES_PER_SECOND):
        head = _Bits()
        head.unsigned(0)  # first_mb_in_slice
        head.unsigned(5)  # slice_type: P, as all slices of the picture
        head.unsigned(0)  # pic_parameter_set_id
        head.fixed(number % (1 << number_width), number_width)
        head.fixed(0, 1)  # num_ref_idx_active_override_flag
        head.fixed(0, 1)  # ref_pic_list_modification_flag_l0
        head.fixed(0, 1)  # adaptive_ref_pic_marking_mode_flag
        head.signed(0)  # slice_qp_delta
        head.unsigned(1)  # disable_deblocking_filter_idc
        bits = head.text() + (still if number % STEP else moved) + "1"
        bits += "0" * (-len(bits) % 8)
        payload = int(bits, 2).to_bytes(len(bits) // 8, "big")
        units.append(b"\x41" + protected(payload))
    return tuple(units)


def protected(payload: bytes) -> bytes:
    """Emulation prevention (7.4.1): no start code inside a NAL unit."""
    if b"\x00\x00" not in payload:
        return payload
    out = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
