"""Expectations and their results as documents, and the language that slices are named in."""
