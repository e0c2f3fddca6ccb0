"""An output's description in, the bytes of its file out; an upload's path in, its measures out.

The room knows no jobs, no HTTP and no store. Importing it costs nothing: the drawing and encoding
libraries are loaded at the first rendering.
"""

from collections.abc import Sequence
from pathlib import Path

from simulator.domain.outputs import Output, Variant
from simulator.media.probe import Probe, UnreadableMedia, probe
from simulator.media.rendered import Rendered

__all__ = ["Probe", "Rendered", "UnreadableMedia", "probe", "render"]


def render(output: Output, variant: Variant, sources: Sequence[Path]) -> Rendered:
    """Make one file of an output.

    ``sources`` are the files of the uploads in the order of ``output.sources``; pictures among them
    are drawn into the result, anything unreadable is passed over. The same description and the same
    source bytes give the same file in any process. An original is exactly ``declared_size(output)``
    bytes long.

    Raises ``ValueError`` for a file that does not exist by nature (the thumbnail of a sound) and
    for a format that the room cannot make.
    """
    from simulator.media.files import make_file  # noqa: PLC0415 - loads pillow and PyAV

    return make_file(output, variant, sources)
