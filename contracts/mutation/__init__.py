"""Deliberately broken backends, and whether the suite finds each of them."""
