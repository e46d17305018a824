"""Tests of dbtune; STYLE: a test is named after the behaviour it holds dbtune to."""
