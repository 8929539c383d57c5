"""Ways in: each turns its arguments into one call of the library."""
