"""Scenarios played: a client within the process that calls the whole app, and what it sees."""
