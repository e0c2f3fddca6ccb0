"""The black-box contract suite: checks of any backend, made over the wire alone.

It imports nothing of ``simulator``, so a real provider and its imitation are judged alike.
"""
