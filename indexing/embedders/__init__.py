"""Embedding models as llama-index BaseEmbedding implementations, and the one that ships."""
