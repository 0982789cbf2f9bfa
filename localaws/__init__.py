"""The embedded AWS account: one process that enforces, executes and records what it serves.

It imports nothing of Lakeproof. Others reach it only as a process, over HTTP, as they would reach AWS.
"""
