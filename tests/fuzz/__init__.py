"""Fuzzing of whole commands: mutated files in, an exit code of ours out, soon and in little memory.

``make fuzz`` runs it (`python -m tests.fuzz --help`): `seeds` are small sound inputs, `mutations` changes one of their
files, with checksums and lengths made right again, `commands` are the command lines that are run on it, and `cases`
says what is a finding. `campaign` runs many, `minimize` makes findings small, `guided` lets atheris look for new code.

Every case is told by its seed, its number and the kind of its input, so that it can be run again.
"""
