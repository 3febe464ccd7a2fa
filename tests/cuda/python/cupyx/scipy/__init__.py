"""Of SciPy, with arrays of the stand-in."""
