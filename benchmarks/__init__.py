"""The asv benchmarks: asv imports its benchmark_dir as a package."""

import sys
from pathlib import Path

# The files import one another by their names alone, as scripts do.
sys.path.append(str(Path(__file__).parent))
