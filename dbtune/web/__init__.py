"""The history of a database's reports, as pages on localhost."""
