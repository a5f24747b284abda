"""The bundle reader, in parts: what is damaged, and what is partitioned."""
