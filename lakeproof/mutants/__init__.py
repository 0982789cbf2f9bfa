"""Proves that the sign-off can fail: weakens a plan's account in one place at a time, and sees which scenario says so.

``python -m lakeproof.mutants`` is the command. It may open every room of the house; nobody imports it.
"""
