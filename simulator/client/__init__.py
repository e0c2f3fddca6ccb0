"""The control plane from Python: a typed, synchronous client over HTTP.

Its answers are the engine's own shapes. It loads no server and no protocol library.
"""

from simulator.client.calls import ControlError
from simulator.client.control import ControlClient
from simulator.client.wire import Reply, Transport

__all__ = ["ControlClient", "ControlError", "Reply", "Transport"]
