"""The application's recorded queries and the views, tried on both databases."""
