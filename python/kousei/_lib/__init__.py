"""What every room stands on: arrays of any library, the compiled kernels, random generators."""
