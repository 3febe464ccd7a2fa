"""What is constructed held against what is trained, fitted and interpolated."""
