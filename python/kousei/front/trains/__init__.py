"""Sums of products of functions of one variable as networks: tensor trains, from crosses of values."""
