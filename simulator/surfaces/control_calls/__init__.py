"""The calls of the control plane, a module a topic; ``table`` joins them in the docs' order."""
