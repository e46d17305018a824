"""Both databases read again and compared, sharing no conversion with the loader."""
