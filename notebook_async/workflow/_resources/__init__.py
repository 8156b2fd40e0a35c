"""What steps are given that nobody sends them."""
