"""Lazy tensors made of other tensors: their values are computed while somebody reads them.

Nothing here touches a file. A transformed tensor reads its bases front to back in pieces of about 1 MiB, as every
tensor is read, so the checksums of stored ones are verified on the way and memory stays flat.
"""
