"""The layers of a model: what each is, gives, holds and costs."""
