"""One module a journey: each composes the capabilities below it into a Report."""
