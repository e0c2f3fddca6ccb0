"""The provider's products beside images and videos: one module each, shapes and use cases."""
