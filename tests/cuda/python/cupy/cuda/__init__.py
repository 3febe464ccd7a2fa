"""Streams and devices."""

from typing import Any

from .device import Device

__all__ = ["Device", "get_current_stream"]


class _Stream:
    ptr = 0

    @staticmethod
    def synchronize() -> None:
        pass


def get_current_stream() -> Any:
    return _Stream
