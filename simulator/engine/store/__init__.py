"""State: whole domain operations, each atomic. ``base`` is the interface."""
