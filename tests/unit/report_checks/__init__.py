"""What programs read of results: problems, SARIF, JUnit, annotations."""
