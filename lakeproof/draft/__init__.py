"""A plan drafted from what an account holds: the first hour of work with a lake that is there already.

A draft is marked ``approved: false``. It says what is, not what should be: whoever approves it has read every line that
begins with ``# REVIEW``.
"""
