"""The engine: data, methods, training, evaluation. It never imports Qt; its only door is the store."""
