"""Lightning callbacks: when to capture, and what a batch is."""
