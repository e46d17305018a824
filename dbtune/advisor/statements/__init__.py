"""What recorded statements ask of the tables, and statements made ready to run on a copy."""
