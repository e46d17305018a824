"""What a running database says of itself, without ever holding it up."""
