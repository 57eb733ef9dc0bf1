"""fsspec, kept at arm's length: the one place that asks a store.

Options come from the environment and from fsspec's own configuration. No message repeats what a
store said: it may hold addresses and credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any, Final, TypeVar

from provenance.errors import ConfigError, ErrorCode, InputError

#: What is asked over the network, and the package that asks.
NETWORK: Final = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "hf": "huggingface_hub",
    "az": "adlfs",
    "abfs": "adlfs",
}
_BLOCK: Final = 1 << 20

T = TypeVar("T")


def open_object(address: str) -> tuple[IO[bytes], int]:
    """An object for reading by position, and its size in bytes.

    Raises:
        InputError: `E_IO`.
    """
    system, path = system_of(address)
    size = guarded(lambda: system.info(path).get("size"))
    if not isinstance(size, int):
        raise InputError("the size of the object is not known", code=ErrorCode.IO)
    return guarded(lambda: system.open(path, "rb", block_size=_BLOCK)), size


def system_of(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path there.

    Raises:
        ConfigError: what reads it is not installed.
        InputError: `E_IO`.
    """
    protocol = address.partition("://")[0]
    try:
        import fsspec  # an extra

        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        needed = NETWORK.get(protocol)
        packages = f" {needed}" if needed else ""
        raise ConfigError(
            f"{protocol}:// needs packages that are not installed",
            hint=f"pip install 'provenance[cloud]'{packages}",
        ) from error
    except Exception as error:  # noqa: BLE001 - of whatever package reads this protocol
        raise _failed(error) from None
    return system, str(path)


def guarded(call: Callable[[], T]) -> T:
    """The answer of a store.

    Raises:
        InputError: `E_IO`, without what the store said.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - of whatever package reads this protocol
        # Its message may repeat addresses and credentials, so it goes no further.
        raise _failed(error) from None


def _failed(error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return InputError(f"cannot read object: {reason or type(error).__name__}", code=ErrorCode.IO)
