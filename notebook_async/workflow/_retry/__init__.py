"""When and how long to wait before a step is tried again."""
