"""What is found out about the steps of a workflow before it runs."""
