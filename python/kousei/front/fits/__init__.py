"""Networks of samples in closed form, what they say of themselves, and their estimators."""
