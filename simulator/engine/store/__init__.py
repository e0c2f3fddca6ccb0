"""State: whole domain operations, each atomic. ``base`` is the interface, ``sqlite`` the default."""
