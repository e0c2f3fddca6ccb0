"""Use cases of the control plane, a module a topic: ``async (control, world, body) -> answer``."""
