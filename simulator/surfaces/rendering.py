"""Rendered files: made off the event loop, once for all who ask, and kept while there is room."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from simulator.media import Rendered


class Renderings:
    """``cache_bytes`` bounds what is kept; the files longest unasked for leave first.

    One worker by default: a second one would win little, and would take the event loop's turns.
    """

    def __init__(self, cache_bytes: int, workers: int = 1) -> None:
        self._cache_bytes = cache_bytes
        self._kept_bytes = 0
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="rendering")
        self._under_way: dict[str, asyncio.Future[Rendered]] = {}
        self._kept: OrderedDict[str, Rendered] = OrderedDict()

    async def get(self, key: str, make: Callable[[], Rendered]) -> Rendered:
        """The file of ``key``. Raises what ``make`` raises; a failure is not remembered."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        future = self._under_way.get(key)
        if future is None:
            future = asyncio.get_running_loop().run_in_executor(self._executor, make)
            self._under_way[key] = future
            future.add_done_callback(partial(self._finish, key))
        # One who leaves must not take the file from the others.
        return await asyncio.shield(future)

    def close(self) -> None:
        """Drops what waits; what is being made is finished for nobody."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _finish(self, key: str, future: "asyncio.Future[Rendered]") -> None:
        del self._under_way[key]
        if future.cancelled() or future.exception() is not None:
            return
        rendered = future.result()
        if len(rendered.data) > self._cache_bytes:
            return
        self._kept[key] = rendered
        self._kept_bytes += len(rendered.data)
        while self._kept_bytes > self._cache_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.data)
