"""More on `unfreeze`: what is around the constants."""
