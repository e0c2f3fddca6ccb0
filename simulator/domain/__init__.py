"""Room 1: the provider's rules as pure values and functions. No I/O, no clock, no randomness."""
