"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""
