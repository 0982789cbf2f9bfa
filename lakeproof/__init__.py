"""Lakeproof: proves that each data scientist sees exactly what was granted, and that every query has a name to it."""
