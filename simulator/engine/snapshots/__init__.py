"""Snapshots: a world as one text file that is kept, compared, put back and put elsewhere."""
