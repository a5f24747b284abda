"""The documentation: what people read is Markdown; what is made of the code, and how, is in `make`."""
