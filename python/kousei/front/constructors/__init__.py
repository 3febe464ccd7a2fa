"""What `construct` tries: networks of functions that are waves, ridges, polynomials, grids, or none of these."""
