"""What runs a workflow: its state, and the shell of tasks around it."""
