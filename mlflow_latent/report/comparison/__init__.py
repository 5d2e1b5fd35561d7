"""The comparison of two runs as a document, and what renders it."""
