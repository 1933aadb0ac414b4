"""Networks, each a function that builds it from the layers of torch alone."""
