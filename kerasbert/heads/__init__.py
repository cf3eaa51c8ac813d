"""What is fine-tuned for: an object for each, see `kerasbert.heads.head`.

Nothing here imports Keras before a model is built.
"""
