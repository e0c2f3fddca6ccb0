"""Deliberately broken simulators, to find out what a contract suite sees."""
