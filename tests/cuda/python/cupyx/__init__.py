"""A stand-in for what of CuPy lies outside of it."""
