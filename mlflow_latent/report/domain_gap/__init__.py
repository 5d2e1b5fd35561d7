"""The gap between two sets of samples as a document, and what renders it."""
