"""The explorer's data: one binary file of compact columns, and the page that carries it."""
