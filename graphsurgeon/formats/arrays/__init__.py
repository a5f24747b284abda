"""Checkpoints as files of arrays, there and back: npz, directories of npy, safetensors, HDF5.

============= ======================================================================================================
module        holds
============= ======================================================================================================
transfer      `export_tensors` and `import_tensors`: which format, which tensors, what to refuse
plan          what a format is asked to write: tensors, the names they get, the form their values take
escapes       names as these formats can hold them, and back
forms         dtypes as numpy, ``.npy`` and HDF5 can hold them, and back
npz ...       one file per format: `plan`, `write`, `read`
============= ======================================================================================================

All stream: a tensor is never whole in memory, with two exceptions on reading, arrays in Fortran order and tensors
taken by `Tensor.numpy`.
"""
