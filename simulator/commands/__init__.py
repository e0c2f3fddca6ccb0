"""One module a command; each is imported when its command runs, so that help stays quick."""
