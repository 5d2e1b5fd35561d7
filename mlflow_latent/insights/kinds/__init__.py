"""The kinds of insight: one module each, which registers itself."""
