"""Batch size increase on MNIST: Takase, Oyama and Kurihara 2018."""
