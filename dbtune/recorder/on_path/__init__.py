"""The folder that `dbtune record` puts on PYTHONPATH: Python looks for sitecustomize in it."""
