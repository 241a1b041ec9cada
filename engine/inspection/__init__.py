"""Looks inside: what a method does to a picture and what a trained network makes of it, as plain arrays."""
