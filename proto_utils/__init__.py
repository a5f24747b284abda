"""Bytes, protobuf and files: everything below the notion of a graph.

Nothing in this package knows what a node is. It parses varints and wire-format
records, owns the private descriptor pool, keeps long payloads in their files as
`Span` objects, and writes files so that nothing half-written is ever seen.
"""
