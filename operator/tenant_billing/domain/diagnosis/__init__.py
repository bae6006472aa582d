"""What is wrong with an installation, and what to do: decisions of ``tenant-billing doctor`` from what was looked at.

Every module judges one subject; evidence in, findings out. Reading is the command's.
"""
