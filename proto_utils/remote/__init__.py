"""Places that are no files of this machine: URLs, and members of archives.

But for `address`, nothing here is imported before such a place is named.
"""
