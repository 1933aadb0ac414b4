"""The shape of the losses of small networks, as gradient walks see it: XOR and MNIST."""
