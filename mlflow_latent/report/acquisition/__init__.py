"""What to label next, as a document."""
