"""A failure as the fewest calls that show it, and as files that play them."""
