"""What a user calls: each function reads runs, has the work done, and logs what came of it."""
