"""Pictures to upload."""

import io

from PIL import Image


def filled(color: tuple[int, int, int], width: int = 320, height: int = 180) -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), color).save(buffer, "PNG")
    return buffer.getvalue()
