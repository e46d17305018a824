"""Workloads made from real schemas, with queries as their applications send them."""
