"""The asv benchmarks: asv imports its benchmark_dir as a package."""
