"""The report: one typed document that figures and HTML only render."""
