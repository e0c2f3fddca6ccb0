"""Which mediasim this is."""


def installed_version() -> str:
    """The version of the installed distribution; ``0+unknown`` in a bare checkout."""
    from importlib.metadata import (  # noqa: PLC0415 - slower to load than all else that asks
        PackageNotFoundError,
        version,
    )

    try:
        return version("mediasim")
    except PackageNotFoundError:
        return "0+unknown"
