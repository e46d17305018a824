"""`dbtune enable-wal`, as the command and as its journey."""
