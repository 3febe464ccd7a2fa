"""Functions of one variable as one hidden layer: smooth, with kinks, or piecewise linear."""
