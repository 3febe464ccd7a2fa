"""Networks in files, and as the models of other libraries."""

from kousei.io.files import load, register, save

__all__ = ["load", "register", "save"]
