"""Room 4: translation between the wire and the engine, and nothing else."""
