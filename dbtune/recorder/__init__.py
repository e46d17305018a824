"""Records what an application sends to SQLite, inside the application: standard library only."""
