"""Planted shifts between two sets, and published ways to find them."""
