"""The product: answers a question from passages with citations, or hands it off."""
