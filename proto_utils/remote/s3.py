"""S3: ranges of one version of an object, read at the same time; ``If-Match`` has the store look after the version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proto_utils.remote.store import Facts, FileSystemStore, Range, file_system


class S3Store(FileSystemStore):
    """Objects of S3, or of any store that speaks as it does."""

    def fetch(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[bytes]:
        """Return several ranges, as `Store.fetch`; each is a request, and there is no other."""
        if not _etag(facts):
            return super().fetch(path, facts, ranges)
        return self.read(path, facts, ranges)

    def _ranges(self, path: str, facts: Facts, ranges: Sequence[Range]) -> list[Any]:
        etag = _etag(facts)
        if not etag:
            return super()._ranges(path, facts, ranges)
        from fsspec.asyn import sync

        fs, inner = file_system(path)
        bucket, key, _ = fs.split_path(inner)
        try:
            return list(sync(fs.loop, _fetch, fs, {"Bucket": bucket, "Key": key, "IfMatch": etag}, ranges))
        except OSError:
            # A condition that does not hold is no fault that passes.
            self.require_version(path, facts)
            raise


def _etag(facts: Facts) -> str:
    return next((str(each[1]) for each in facts.version if isinstance(each, tuple) and each[0] == "ETag"), "")


async def _fetch(fs: Any, place: dict[str, str], ranges: Sequence[Range]) -> list[bytes]:
    import asyncio

    return list(await asyncio.gather(*(_fetch_one(fs, place, each) for each in ranges)))


async def _fetch_one(fs: Any, place: dict[str, str], wanted: Range) -> bytes:
    answer = await fs._call_s3("get_object", **place, Range=f"bytes={wanted[0]}-{wanted[1] - 1}")
    async with answer["Body"] as body:
        return bytes(await body.read())
