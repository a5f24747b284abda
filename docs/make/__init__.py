"""What makes the documentation: pages of the site that come out of the code, and the pictures."""
