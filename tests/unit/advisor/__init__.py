"""The advisor, part by part, on small real databases."""
